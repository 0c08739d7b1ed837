package postgrestest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"golang.org/x/sys/unix"

	"github.com/sluicehq/sluice/internal/pgserver"
	"github.com/sluicehq/sluice/internal/postgres"
	"github.com/sluicehq/sluice/migrations"
)

// urlVariable names another server than the private one.
const urlVariable = "SLUICE_TEST_DATABASE_URL"

// The names of the databases that are made. A test database carries the process id of its test, so that what a killed
// test left behind can be told.
const (
	testPrefix     = "sluice_test_"
	templatePrefix = "sluice_template_"
)

// startTimeout is enough for initdb on a busy machine.
const startTimeout = 2 * time.Minute

// sharedServer is the server of this process's tests, connected to on first use. It is never closed: the end of the
// process gives up its share of the private server.
var sharedServer = sync.OnceValues(openServer)

// server makes and drops databases.
type server struct {
	url    string // of any database of it
	binDir string
	admin  *pgxpool.Pool

	// instance keeps the private server in use for as long as the process lives; nil for another server.
	instance *pgserver.Instance

	mu       sync.Mutex // guards template
	template string     // known to exist; empty: not yet
}

func openServer() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	s := &server{url: os.Getenv(urlVariable)}
	if s.url == "" {
		if err := s.openPrivate(ctx); err != nil {
			return nil, err
		}
	}
	cfg, err := pgxpool.ParseConfig(s.url)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", urlVariable, err)
	}
	cfg.MaxConns = 4
	if s.admin, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), cfg); err != nil {
		return nil, err
	}
	if err := s.admin.Ping(ctx); err != nil {
		return nil, fmt.Errorf("connect to the tests' database server: %w", err)
	}
	if s.instance != nil && s.instance.Started() {
		if err := s.sweep(ctx); err != nil {
			return nil, fmt.Errorf("drop what earlier tests left: %w", err)
		}
	}
	return s, nil
}

// openPrivate starts or joins the server that this user's test processes share. What it stores needs no care.
func (s *server) openPrivate(ctx context.Context) error {
	dir := filepath.Join(scratch(), "sluice-test-"+strconv.Itoa(os.Getuid()))
	instance, err := pgserver.Open(ctx, pgserver.Options{
		DataDir:  dir,
		Database: "sluice_test",
		NoSync:   true,
		Settings: map[string]string{
			"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
			"max_connections": "300", "shared_buffers": "128MB", "autovacuum_naptime": "1h",
		},
	})
	if errors.Is(err, pgserver.ErrNoServer) || errors.Is(err, pgserver.ErrNoExtension) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w (the tests' cluster is in %s and may be removed)", err, dir)
	}
	s.instance, s.url, s.binDir = instance, instance.DSN(), instance.BinDir()
	return nil
}

// scratch is where the private server keeps its files: in memory where there is plenty, since a clone takes a tenth of
// the time there, else, or where TMPDIR asks for it, in the folder for temporary files.
func scratch() string {
	const memory, plenty = "/dev/shm", 2 << 30
	var st unix.Statfs_t
	if os.Getenv("TMPDIR") == "" && unix.Statfs(memory, &st) == nil && st.Bavail*uint64(st.Bsize) > plenty {
		return memory
	}
	return os.TempDir()
}

// create makes an empty database.
func (s *server) create(ctx context.Context) (string, error) {
	return s.createFrom(ctx, "template0")
}

// clone makes a migrated database.
func (s *server) clone(ctx context.Context) (string, error) {
	for try := 1; ; try++ {
		template, err := s.migratedTemplate(ctx)
		if err != nil {
			return "", err
		}
		name, err := s.createFrom(ctx, template)
		// Another process may have swept the template away as one of another state of the migrations.
		if try < 3 && hasCode(err, "3D000") {
			s.forgetTemplate()
			continue
		}
		return name, err
	}
}

func (s *server) createFrom(ctx context.Context, template string) (string, error) {
	name := fmt.Sprintf("%s%d_%s", testPrefix, os.Getpid(), strings.ToLower(rand.Text()[:8]))
	// Copying files beats the default, which writes every page to the log, several times over for a small database.
	_, err := s.admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY FILE_COPY")
	return name, err
}

func (s *server) drop(ctx context.Context, name string) error {
	_, err := s.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	return err
}

// templateLock is the key of the advisory lock under which a template is made.
const templateLock = 7103255

// migratedTemplate returns the database to clone from, made once for each state of the migrations.
func (s *server) migratedTemplate(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.template != "" {
		return s.template, nil
	}
	sum, err := schemaHash()
	if err != nil {
		return "", err
	}
	name := templatePrefix + sum
	err = s.admin.AcquireFunc(ctx, func(conn *pgxpool.Conn) (err error) {
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
			return err
		}
		defer func() {
			_, unlockErr := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", templateLock)
			err = errors.Join(err, unlockErr)
		}()
		return s.makeTemplate(ctx, conn, name)
	})
	if err != nil {
		return "", fmt.Errorf("make the template of the test databases: %w", err)
	}
	s.template = name
	return name, nil
}

func (s *server) forgetTemplate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.template = ""
}

// makeTemplate migrates a database under another name first, so that a template is never half made.
func (s *server) makeTemplate(ctx context.Context, conn *pgxpool.Conn, name string) error {
	var exists bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil || exists {
		return err
	}
	fresh := name + "_new"
	if err := s.drop(ctx, fresh); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+fresh+" TEMPLATE template0"); err != nil {
		return err
	}
	if _, err := postgres.Migrate(ctx, withDatabase(s.url, fresh), slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	// The migration's last connection may be on its way out still; a clone would be refused while it is there.
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+fresh+" ALLOW_CONNECTIONS false"); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1", fresh)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+fresh+" RENAME TO "+name)
	return err
}

// sweep drops what no living test uses: databases of killed processes, and templates of other states of the migrations.
func (s *server) sweep(ctx context.Context) error {
	sum, err := schemaHash()
	if err != nil {
		return err
	}
	rows, err := s.admin.Query(ctx, "SELECT datname FROM pg_database WHERE datname ~ $1", "^("+testPrefix+"|"+templatePrefix+")")
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		rest, isTest := strings.CutPrefix(name, testPrefix)
		if isTest && processLives(rest) || name == templatePrefix+sum {
			continue
		}
		// Who is connected keeps it: another checkout may be making its template just now.
		if err := s.dropUnused(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) dropUnused(ctx context.Context, name string) error {
	_, err := s.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+name)
	if hasCode(err, "55006") {
		return nil
	}
	return err
}

// processLives reports whether the test process lives whose id the rest of a database's name begins with.
func processLives(rest string) bool {
	id, _, _ := strings.Cut(rest, "_")
	pid, err := strconv.Atoi(id)
	return err == nil && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// schemaHash names a state of the migrations, the job queue's included.
func schemaHash() (string, error) {
	h := sha256.New()
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range files {
		raw, err := migrations.FS.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(raw), raw)
	}
	queue, err := rivermigrate.New(riverpgxv5.New(nil), nil)
	if err != nil {
		return "", err
	}
	for _, m := range queue.AllVersions() {
		fmt.Fprintf(h, "river %d\n", m.Version)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

func hasCode(err error, code string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == code
}

// withDatabase returns the connection string for another database of the same server. In libpq's keyword form the last
// one of a keyword wins.
func withDatabase(dsn, name string) string {
	if u, err := url.Parse(dsn); err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") {
		u.Path = "/" + name
		return u.String()
	}
	return dsn + " dbname='" + name + "'"
}
