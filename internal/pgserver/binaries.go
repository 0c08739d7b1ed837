package pgserver

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What can be wrong with the machine. The errors that wrap these are whole sentences with the command to run.
var (
	// ErrNoServer: no PostgreSQL server, or only one older than 15, is installed.
	ErrNoServer = errors.New("no PostgreSQL server found")
	// ErrNoExtension: a server is installed, but pgvector (>= 0.7) is not.
	ErrNoExtension = errors.New("pgvector not found")
	// ErrMajor: the cluster was made by another major version than those installed.
	ErrMajor = errors.New("wrong major version of PostgreSQL")
)

// The oldest versions that have what the program uses: MERGE and fast CREATE DATABASE; halfvec and sparsevec.
const (
	minMajor       = 15
	minVectorMinor = 7
	bundleFolder   = "pg/bin" // beside the program's own binary
	debianPattern  = "/usr/lib/postgresql/*/bin"
)

// installation is one set of PostgreSQL programs.
type installation struct {
	bin    string // folder of postgres and initdb
	major  int
	vector string // version of pgvector, empty if absent
	ours   bool   // came with the program, and is preferred to the machine's
}

func (i installation) program(name string) string { return filepath.Join(i.bin, name) }

func (i installation) usable() bool { return i.major >= minMajor && vectorNewEnough(i.vector) }

// findInstallation chooses the programs to run a cluster with: from binDir if it is set, else those embedded in our own
// binary (unpacked in bundle, empty if there are none), else those beside it, else the newest of the machine's that has
// pgvector. major, if not 0, is that of an existing cluster and fixed. What the account cannot get to does not count.
func findInstallation(binDir, bundle string, major int, acc account) (installation, error) {
	var found []installation
	ours, machines := candidates(binDir, bundle)
	for i, dir := range slices.Concat(ours, machines) {
		if !acc.reaches(filepath.Join(dir, "postgres")) {
			continue
		}
		if inst, ok := inspect(dir); ok {
			inst.ours = i < len(ours)
			found = append(found, inst)
		}
	}
	if binDir != "" && len(found) == 0 {
		return installation{}, fmt.Errorf("%w: SLUICE_PG_BINDIR is %s, but there is no initdb and postgres in it that %s may run",
			ErrNoServer, binDir, acc.name)
	}
	return choose(found, major, detectHost())
}

// choose picks the best of the installations, or explains why none will do.
func choose(found []installation, major int, host host) (installation, error) {
	var usable, fitting []installation
	for _, i := range found {
		if major != 0 && i.major != major {
			continue
		}
		fitting = append(fitting, i)
		if i.usable() {
			usable = append(usable, i)
		}
	}
	// Stable: where two are the same major, the earlier place wins.
	slices.SortStableFunc(usable, preferred)
	slices.SortStableFunc(fitting, preferred)
	switch {
	case len(usable) > 0:
		return usable[0], nil
	case len(found) == 0:
		return installation{}, fmt.Errorf("%w: the program runs a PostgreSQL of its own, and needs its programs "+
			"(>= %d, with pgvector >= 0.%d) installed. %s", ErrNoServer, minMajor, minVectorMinor, host.howToInstall(0))
	case len(fitting) == 0:
		return installation{}, fmt.Errorf("%w: the data directory was made by PostgreSQL %d, but only %s is installed. "+
			"Install PostgreSQL %d with pgvector beside it (%s), or move the data: run \"sluice backup\" on a machine that "+
			"has %d and \"sluice restore\" into an empty data directory here", ErrMajor, major, majors(found), major,
			host.howToInstall(major), major)
	case fitting[0].major < minMajor:
		return installation{}, fmt.Errorf("%w that is new enough: PostgreSQL %d is installed, %d or later is needed. %s",
			ErrNoServer, fitting[0].major, minMajor, host.howToInstall(0))
	case fitting[0].vector != "":
		return installation{}, fmt.Errorf("%w that is new enough: PostgreSQL %d has pgvector %s, 0.%d or later is needed. %s",
			ErrNoExtension, fitting[0].major, fitting[0].vector, minVectorMinor, host.howToInstall(fitting[0].major))
	default:
		return installation{}, fmt.Errorf("%w: PostgreSQL %d is installed, but its extension pgvector (>= 0.%d) is not. %s",
			ErrNoExtension, fitting[0].major, minVectorMinor, host.howToInstall(fitting[0].major))
	}
}

// preferred orders installations, the better one first.
func preferred(a, b installation) int {
	if a.ours != b.ours {
		if a.ours {
			return -1
		}
		return 1
	}
	return cmp.Compare(b.major, a.major)
}

func majors(found []installation) string {
	var names []string
	for _, i := range found {
		if n := strconv.Itoa(i.major); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ")
}

// candidates lists the folders to look into, the preferred first: those that came with the program, and the machine's.
func candidates(binDir, bundle string) (ours, machines []string) {
	if binDir != "" {
		return []string{binDir}, nil
	}
	if bundle != "" {
		ours = append(ours, bundle)
	}
	if exe, err := os.Executable(); err == nil {
		if target, err := filepath.EvalSymlinks(exe); err == nil {
			exe = target
		}
		ours = append(ours, filepath.Join(filepath.Dir(exe), bundleFolder))
	}
	for _, pattern := range []string{
		debianPattern,              // Debian, Ubuntu, SUSE
		"/usr/pgsql-*/bin",         // PostgreSQL's own RPMs
		"/usr/lib/postgresql*/bin", // Alpine, SUSE
		"/usr/libexec/postgresql*", // Alpine, newer
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	} {
		// The only error is a bad pattern.
		matches, _ := filepath.Glob(pattern)
		machines = append(machines, matches...)
	}
	if p, err := exec.LookPath("postgres"); err == nil {
		if target, err := filepath.EvalSymlinks(p); err == nil {
			machines = append(machines, filepath.Dir(target))
		}
	}
	return ours, machines
}

// inspect looks whether dir holds a server, and which.
func inspect(dir string) (installation, bool) {
	for _, name := range []string{"initdb", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return installation{}, false
		}
	}
	major := majorOf(dir)
	if major == 0 {
		return installation{}, false
	}
	return installation{bin: dir, major: major, vector: vectorVersion(dir, major)}, true
}

var (
	debianFolder  = regexp.MustCompile(`^/usr/lib/postgresql/(\d+)/bin$`)
	versionOutput = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)
	controlLine   = regexp.MustCompile(`(?m)^default_version\s*=\s*'([^']*)'`)
)

// majorOf returns the major version of the server in dir, 0 if it does not run. Asking the program costs a few
// milliseconds, which the distributions' folder names save.
func majorOf(dir string) int {
	m := debianFolder.FindStringSubmatch(dir)
	if m == nil {
		out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
		if err != nil {
			return 0
		}
		if m = versionOutput.FindStringSubmatch(string(out)); m == nil {
			return 0
		}
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

// vectorVersion reads pgvector's version from the extension folder that belongs to the server in dir.
func vectorVersion(dir string, major int) string {
	n := strconv.Itoa(major)
	shares := []string{
		filepath.Join(dir, "../share/extension"),
		filepath.Join(dir, "../share/postgresql/extension"),
		filepath.Join(dir, "../share/postgresql@"+n+"/extension"),
		filepath.Join(dir, "../../../share/postgresql@"+n+"/extension"), // Homebrew
		filepath.Join("/usr/share/postgresql", n, "extension"),          // Debian
		filepath.Join("/usr/share/postgresql"+n, "extension"),           // Alpine, SUSE
	}
	if debianFolder.MatchString(dir) {
		shares = shares[4:5]
	}
	if out, err := exec.Command(filepath.Join(dir, "pg_config"), "--sharedir").Output(); err == nil && !debianFolder.MatchString(dir) {
		shares = []string{filepath.Join(strings.TrimSpace(string(out)), "extension")}
	}
	for _, share := range shares {
		if raw, err := os.ReadFile(filepath.Join(share, "vector.control")); err == nil {
			if m := controlLine.FindSubmatch(raw); m != nil {
				return string(m[1])
			}
		}
	}
	return ""
}

func vectorNewEnough(version string) bool {
	major, rest, ok := strings.Cut(version, ".")
	if !ok {
		return false
	}
	minor, _, _ := strings.Cut(rest, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	return errA == nil && errB == nil && (a > 0 || b >= minVectorMinor)
}
