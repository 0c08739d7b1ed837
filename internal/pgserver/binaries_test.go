package pgserver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	debian := host{os: "linux", id: "debian", version: "12"}
	trixie := host{os: "linux", id: "debian", version: "13"}
	pg := func(major int, vector string) installation {
		return installation{bin: "/pg", major: major, vector: vector}
	}
	tests := map[string]struct {
		found []installation
		major int
		host  host
		want  int
		err   error
		says  []string
	}{
		"nothing": {host: trixie, err: ErrNoServer, says: []string{"no PostgreSQL server found", "Run: sudo apt-get install postgresql-17 postgresql-17-pgvector"}},
		"too old": {found: []installation{pg(14, "0.8.0")}, host: debian, err: ErrNoServer, says: []string{"PostgreSQL 14 is installed, 15 or later"}},
		"no extension": {
			found: []installation{pg(15, "")}, host: debian, err: ErrNoExtension,
			says: []string{"PostgreSQL 15 is installed, but its extension pgvector", "Run: sluice postgres-script | sudo sh"},
		},
		"old extension": {
			found: []installation{pg(16, "0.6.0")}, host: host{os: "linux", id: "ubuntu", version: "24.04"}, err: ErrNoExtension,
			says: []string{"has pgvector 0.6.0, 0.7 or later", "postgresql-16-pgvector"},
		},
		"newest":                              {found: []installation{pg(15, "0.8.0"), pg(17, "0.8.0"), pg(16, "0.8.0")}, want: 17},
		"newest that is usable":               {found: []installation{pg(15, "0.8.0"), pg(17, "")}, want: 15},
		"the cluster's own major":             {found: []installation{pg(15, "0.8.0"), pg(17, "0.8.0")}, major: 15, want: 15},
		"the program's own":                   {found: []installation{pg(18, "0.8.1"), {bin: "/own", major: 17, vector: "0.8.0", ours: true}}, want: 17},
		"cluster of another major":            {found: []installation{pg(17, "0.8.0")}, major: 15, host: trixie, err: ErrMajor, says: []string{"made by PostgreSQL 15, but only 17 is installed", "sluice backup"}},
		"cluster's major lacks its extension": {found: []installation{pg(15, ""), pg(17, "0.8.0")}, major: 15, host: debian, err: ErrNoExtension},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := choose(tt.found, tt.major, tt.host)
			if !errors.Is(err, tt.err) || got.major != tt.want {
				t.Fatalf("choose = %d, %v, want %d, %v", got.major, err, tt.want, tt.err)
			}
			for _, s := range tt.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("the message lacks %q:\n%v", s, err)
				}
			}
		})
	}
}

func TestBinDirWithoutServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := Open(t.Context(), Options{DataDir: t.TempDir(), BinDir: dir})
	if !errors.Is(err, ErrNoServer) || !strings.Contains(err.Error(), dir) {
		t.Errorf("Open = %v, want ErrNoServer that names %s", err, dir)
	}
}

// A folder of programs somewhere, as a bundle or a build of one's own has it.
func TestInspectFindsVersions(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	bin := filepath.Join(root, "bin")
	for name, content := range map[string]string{
		"bin/initdb":   "#!/bin/sh\n",
		"bin/postgres": "#!/bin/sh\necho 'postgres (PostgreSQL) 17.11 (Somewhere 1.0)'\n",
		"share/postgresql/extension/vector.control": "comment = 'vectors'\ndefault_version = '0.8.1'\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	got, ok := inspect(bin)
	if want := (installation{bin: bin, major: 17, vector: "0.8.1"}); !ok || got != want {
		t.Errorf("inspect = %+v, %v, want %+v", got, ok, want)
	}
}

func TestSettingsFitTheMachine(t *testing.T) {
	t.Parallel()
	c := cluster{root: "/data/pg", socket: "/data/pg/run", opts: Options{Settings: map[string]string{"work_mem": "64MB", "search_path": "it's"}}}
	tests := map[string]struct {
		machine machine
		want    []string
	}{
		"small container": {
			machine{memory: 512 * mib, cpus: 1, linux: true, sharedMem: 64 * mib},
			[]string{"shared_buffers = '64MB'", "maintenance_work_mem = '128MB'", "dynamic_shared_memory_type = 'mmap'", "max_parallel_workers_per_gather = '0'"},
		},
		"server": {
			machine{memory: 64 * gib, cpus: 16, linux: true, sharedMem: 32 * gib},
			[]string{"shared_buffers = '4096MB'", "maintenance_work_mem = '2048MB'", "max_parallel_workers_per_gather = '2'"},
		},
		"all": {
			machine{memory: gib, cpus: 2},
			[]string{"listen_addresses = ''", "unix_socket_directories = '../run'", "search_path = 'it''s'\nwork_mem = '64MB'\n"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.settings(tt.machine)
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("settings lack %q:\n%s", want, got)
				}
			}
		})
	}
}
