package app

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// letGoOfProgram tells the system that the pages of the program's own file need not stay mapped: half of them are read
// once, at the start. Those that are in use come back from the system's cache at the next access, which costs less than a
// millisecond for all of them. Only what cannot have changed is let go of.
func letGoOfProgram() error {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("where the program is: %w", err)
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return fmt.Errorf("what the program has mapped: %w", err)
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		var from, to uintptr
		var mode string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &mode); err != nil {
			return fmt.Errorf("what the program has mapped: %q: %w", lines.Text(), err)
		}
		if mode[1] == 'w' || !strings.HasSuffix(lines.Text(), " "+program) {
			continue
		}
		if _, _, fault := unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED); fault != 0 {
			return fmt.Errorf("let go of pages of the program: %w", fault)
		}
	}
	return lines.Err()
}
