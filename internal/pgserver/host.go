package pgserver

import (
	_ "embed"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// InstallScript returns the shell script that installs PostgreSQL with pgvector on Debian, Ubuntu and macOS; it is what
// `make run` uses too. It needs root or sudo, asks nothing, and does nothing where both are installed.
func InstallScript() string { return installScript }

//go:embed install.sh
var installScript string

// host is the machine, as far as installing software goes.
type host struct {
	os      string // runtime.GOOS
	id      string // ID of os-release, "debian"
	like    string // ID_LIKE
	version string // VERSION_ID, "12"
}

func detectHost() host {
	h := host{os: runtime.GOOS}
	raw, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return h
	}
	for line := range strings.Lines(string(raw)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			h.id = value
		case "ID_LIKE":
			h.like = value
		case "VERSION_ID":
			h.version = value
		}
	}
	return h
}

// howToInstall is the sentence with the command that installs a server of this major (0: any) with pgvector here.
func (h host) howToInstall(major int) string {
	n := "17"
	if major != 0 {
		n = fmt.Sprint(major)
	}
	run := func(command string) string { return "Run: " + command }
	switch {
	case h.os == "darwin":
		return run("brew install postgresql@" + n + " pgvector")
	case h.id == "debian" && h.version == "13" && (major == 0 || major == 17),
		h.id == "ubuntu" && h.version >= "25.04" && (major == 0 || major == 17):
		return run("sudo apt-get install postgresql-17 postgresql-17-pgvector")
	case h.id == "debian":
		return run("sluice postgres-script | sudo sh")
	case h.id == "ubuntu" || strings.Contains(h.like, "debian"):
		return run("sudo apt-get install postgresql-common && sudo /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y " +
			"&& sudo apt-get install postgresql-" + n + " postgresql-" + n + "-pgvector")
	case h.id == "fedora":
		return run("sudo dnf install postgresql-server postgresql-contrib pgvector")
	case strings.Contains(h.like, "rhel") || strings.Contains(h.like, "fedora"):
		return "Add PostgreSQL's package repository (https://www.postgresql.org/download/linux/redhat/), then run: " +
			"sudo dnf install postgresql" + n + "-server postgresql" + n + "-contrib pgvector_" + n
	case h.id == "arch" || strings.Contains(h.like, "arch"):
		return run("sudo pacman -S postgresql pgvector")
	case h.id == "alpine":
		return run("sudo apk add postgresql" + n + " postgresql" + n + "-contrib postgresql-pgvector")
	case strings.Contains(h.like, "suse"):
		return run("sudo zypper install postgresql" + n + "-server postgresql" + n + "-contrib postgresql" + n + "-pgvector")
	default:
		return "Install them with your package manager, or set SLUICE_DATABASE_URL to a PostgreSQL that has pgvector."
	}
}
