package backup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// ErrNoProgram: pg_dump or pg_restore is not installed, or is older than the server.
var ErrNoProgram = errors.New("PostgreSQL's client programs are missing")

// databaseFromEnvironment is a connection string without anything in it: all is in the environment.
const databaseFromEnvironment = "postgresql://"

// program prepares pg_dump or pg_restore for the database. The connection is told by the environment: arguments can be
// read by every user of the machine, and there may be a password in it.
func (o Options) program(ctx context.Context, name string, serverMajor int, args ...string) (*exec.Cmd, error) {
	path := filepath.Join(o.BinDir, name)
	if o.BinDir == "" {
		var err error
		if path, err = exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("%w: no %s in PATH; install PostgreSQL's client programs, version %d or later (Debian: postgresql-client-%d)",
				ErrNoProgram, name, serverMajor, serverMajor)
		}
	}
	major, err := programMajor(ctx, path)
	if err != nil {
		return nil, err
	}
	if major < serverMajor {
		return nil, fmt.Errorf("%w: %s is version %d, the server %d; install version %d or later (Debian: postgresql-client-%d)",
			ErrNoProgram, path, major, serverMajor, serverMajor, serverMajor)
	}
	env, err := environment(o.DSN)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), env...)
	return cmd, nil
}

var programVersion = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func programMajor(ctx context.Context, path string) (int, error) {
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNoProgram, err)
	}
	m := programVersion.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("%w: %s --version says %q", ErrNoProgram, path, out)
	}
	return strconv.Atoi(string(m[1]))
}

// variables are the keywords of a connection string that libpq also takes from the environment. What pgx alone knows,
// such as the size of a pool, means nothing to its programs.
func variables() map[string]string {
	return map[string]string{
		"host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
		"passfile": "PGPASSFILE", "service": "PGSERVICE", "options": "PGOPTIONS", "connect_timeout": "PGCONNECT_TIMEOUT",
		"sslmode": "PGSSLMODE", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "sslrootcert": "PGSSLROOTCERT",
		"channel_binding": "PGCHANNELBINDING", "target_session_attrs": "PGTARGETSESSIONATTRS",
	}
}

func environment(dsn string) ([]string, error) {
	keywords, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	var env []string
	for keyword, variable := range variables() {
		if value, ok := keywords[keyword]; ok {
			env = append(env, variable+"="+value)
		}
	}
	return env, nil
}

// parseDSN takes a connection string apart, in either of libpq's forms. Its errors do not quote it.
func parseDSN(dsn string) (map[string]string, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return parseURL(dsn)
	}
	keywords := map[string]string{}
	for rest := strings.TrimSpace(dsn); rest != ""; {
		keyword, value, ok := strings.Cut(rest, "=")
		if !ok {
			return nil, errors.New("the database's address has a keyword without a value")
		}
		value, rest = takeValue(strings.TrimLeft(value, " \t\r\n"))
		keywords[strings.TrimSpace(keyword)] = value
		rest = strings.TrimSpace(rest)
	}
	return keywords, nil
}

// takeValue takes one value of the keyword form off the front of s: plain, or in single quotes, with backslashes.
func takeValue(s string) (value, rest string) {
	quoted := strings.HasPrefix(s, "'")
	if quoted {
		s = s[1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case quoted && c == '\'', !quoted && strings.IndexByte(" \t\r\n", c) >= 0:
			return b.String(), s[i+1:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

func parseURL(dsn string) (map[string]string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, errors.New("the database's address is no valid URL")
	}
	keywords := map[string]string{}
	set := func(keyword, value string) {
		if value != "" {
			keywords[keyword] = value
		}
	}
	var hosts, ports []string
	for part := range strings.SplitSeq(u.Host, ",") {
		one := url.URL{Host: part}
		hosts, ports = append(hosts, one.Hostname()), append(ports, one.Port())
	}
	set("host", strings.Join(hosts, ","))
	set("port", strings.Join(ports, ","))
	set("dbname", strings.TrimPrefix(u.Path, "/"))
	if u.User != nil {
		set("user", u.User.Username())
		password, _ := u.User.Password()
		set("password", password)
	}
	for keyword, values := range u.Query() {
		set(keyword, values[len(values)-1])
	}
	return keywords, nil
}
