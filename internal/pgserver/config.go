package pgserver

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// localConfig is the operator's own file of settings in the cluster's data folder; it wins over everything.
const localConfig = "local.conf"

// includeConfig makes the server read managed.conf and local.conf, which are beside postgresql.conf.
func (c cluster) includeConfig(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\n# managed.conf is rewritten at every start; put settings of your own into " + localConfig + ".\n" +
		"include_if_exists = 'managed.conf'\ninclude_if_exists = '" + localConfig + "'\n")
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// writeConfig rewrites what depends on the machine and on who starts the server: memory may have grown, the data
// directory may have moved, root may start what a user made.
func (c cluster) writeConfig() error {
	names := []string{c.account.name}
	if c.account.name != "root" {
		names = append(names, "root")
	}
	var ident strings.Builder
	for _, name := range names {
		fmt.Fprintf(&ident, "sluice %q %s\n", name, role)
	}
	for name, content := range map[string]string{
		"managed.conf":  c.settings(detectMachine()),
		"pg_hba.conf":   "local all all peer map=sluice\n",
		"pg_ident.conf": ident.String(),
	} {
		if err := c.account.writeFile(filepath.Join(c.dataDir(), name), content); err != nil {
			return err
		}
	}
	return nil
}

// localeArgs choose a locale that knows all of Unicode's letters and never changes its order, so that an upgrade of the
// system's C library cannot damage an index. From 17 on the server brings it along: a machine may have a C library
// without a single locale.
func (c cluster) localeArgs() []string {
	switch {
	case c.install.major >= 17:
		return []string{"--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"}
	case runtime.GOOS == "darwin":
		return []string{"--locale=en_US.UTF-8"}
	default:
		return []string{"--locale=C.UTF-8"}
	}
}

// machine is what the settings depend on.
type machine struct {
	memory    uint64 // bytes this process may use
	cpus      int
	sharedMem uint64 // bytes free in /dev/shm; 0: unknown
	linux     bool
}

func detectMachine() machine {
	m := machine{memory: memoryLimit(), cpus: runtime.NumCPU(), linux: runtime.GOOS == "linux"}
	var st unix.Statfs_t
	if m.linux && unix.Statfs("/dev/shm", &st) == nil {
		m.sharedMem = st.Bavail * uint64(st.Bsize)
	}
	return m
}

const (
	mib = 1 << 20
	gib = 1 << 30
)

// settings is the text of managed.conf. Half of the machine's memory is taken for PostgreSQL's, page cache included.
func (c cluster) settings(m machine) string {
	share := m.memory / 2
	perGather := 0
	if m.cpus > 2 {
		perGather = 2
	}
	set := [][2]string{
		// Reached only through the socket, by the owner of its folder.
		{"listen_addresses", ""},
		{"unix_socket_directories", c.socketForServer()},
		{"unix_socket_permissions", "0700"},
		{"port", "5432"},
		{"max_connections", "60"},
		{"shared_buffers", mb(clamp(share/4, 32*mib, 4*gib))},
		{"effective_cache_size", mb(clamp(share*3/4, 64*mib, 64*gib))},
		{"maintenance_work_mem", mb(clamp(max(share/8, min(256*mib, share/2)), 64*mib, 2*gib))},
		{"work_mem", mb(clamp(share/64, 8*mib, 32*mib))},
		{"max_parallel_workers_per_gather", strconv.Itoa(perGather)},
		{"max_parallel_maintenance_workers", strconv.Itoa(min(m.cpus, 4))},
		{"jit", "off"},
		{"random_page_cost", "1.1"},
		// One server, no replicas: less to log when an index is built. Set replica in local.conf to archive or replicate.
		{"wal_level", "minimal"},
		{"max_wal_senders", "0"},
		{"wal_compression", "on"},
		{"max_wal_size", "2GB"},
		{"checkpoint_timeout", "15min"},
		{"log_min_messages", "warning"},
		{"log_checkpoints", "off"},
		{"log_line_prefix", "%m [%p] "},
		{"log_timezone", "UTC"},
		{"timezone", "UTC"},
		{"lc_messages", "C"},
	}
	if m.linux {
		// One call instead of opening every file after a crash.
		set = append(set, [2]string{"recovery_init_sync_method", "syncfs"})
		if m.sharedMem != 0 && m.sharedMem < gib {
			// Containers have 64 MB there, too little for a parallel build of the vector index.
			set = append(set, [2]string{"dynamic_shared_memory_type", "mmap"})
		}
	}
	var b strings.Builder
	b.WriteString("# Written by sluice at every start; settings of your own belong into " + localConfig + ".\n")
	for _, s := range set {
		fmt.Fprintf(&b, "%s = '%s'\n", s[0], s[1])
	}
	for _, name := range sortedKeys(c.opts.Settings) {
		fmt.Fprintf(&b, "%s = '%s'\n", name, strings.ReplaceAll(c.opts.Settings[name], "'", "''"))
	}
	return b.String()
}

// socketForServer is the socket's folder as the server reaches it: it may be unable to walk there from the top, but is
// the owner of the cluster's root, in which its working folder lies.
func (c cluster) socketForServer() string {
	if filepath.Dir(c.socket) == c.root {
		return "../" + filepath.Base(c.socket)
	}
	return strings.ReplaceAll(c.socket, "'", "''")
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func clamp(v, low, high uint64) uint64 { return max(low, min(v, high)) }

func mb(bytes uint64) string { return strconv.FormatUint(bytes/mib, 10) + "MB" }

// memoryLimit is the machine's memory, or the container's where that is less; 2 GiB where neither can be read.
func memoryLimit() uint64 {
	limit := uint64(2 * gib)
	if raw, err := os.ReadFile("/proc/meminfo"); err == nil {
		if kb := firstNumber(string(raw)); kb > 0 {
			limit = kb * 1024
		}
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if raw, err := os.ReadFile(path); err == nil {
			if n := firstNumber(string(raw)); n > 0 {
				limit = min(limit, n)
			}
		}
	}
	return limit
}

// firstNumber reads the first run of digits, as in "MemTotal:  24567 kB"; 0 if there is none ("max").
func firstNumber(s string) uint64 {
	start := strings.IndexAny(s, "0123456789")
	if start < 0 {
		return 0
	}
	end := start
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(s[start:end], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
