package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicehq/sluice/internal/wiki"
	"github.com/sluicehq/sluice/migrations"
)

// querier is a connection or a transaction. The queries of this file are about the database itself, whatever tables it
// has, so they cannot be generated like those of the stores.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// describe fills in the manifest within a transaction, and exports the transaction's snapshot.
func describe(ctx context.Context, tx pgx.Tx) (m Manifest, snapshot string, err error) {
	m = Manifest{Format: formatVersion, CreatedAt: time.Now().UTC().Truncate(time.Second)}
	if err := tx.QueryRow(ctx, "SELECT pg_export_snapshot()").Scan(&snapshot); err != nil {
		return m, "", fmt.Errorf("take a snapshot: %w", err)
	}
	if m.Postgres, err = serverMajor(ctx, tx); err != nil {
		return m, "", err
	}
	err = tx.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&m.Schema)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == undefinedTable {
		return m, "", fmt.Errorf("the database is not one of this program's: it was never migrated: %w", wiki.ErrInvalid)
	}
	if err != nil {
		return m, "", fmt.Errorf("read the schema's version: %w", err)
	}
	m.Tables, err = countRows(ctx, tx)
	return m, snapshot, err
}

const undefinedTable = "42P01"

func serverMajor(ctx context.Context, q querier) (int, error) {
	var number int
	if err := q.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&number); err != nil {
		return 0, fmt.Errorf("read the server's version: %w", err)
	}
	return number / 10000, nil
}

// ownTables lists the tables that are neither the system's nor an extension's.
const ownTables = `
SELECT c.oid::regclass::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r'
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1`

func listTables(ctx context.Context, q querier) ([]string, error) {
	rows, err := q.Query(ctx, ownTables)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	return names, nil
}

func countRows(ctx context.Context, q querier) (map[string]int64, error) {
	names, err := listTables(ctx, q)
	if err != nil {
		return nil, err
	}
	tables := make(map[string]int64, len(names))
	for _, name := range names {
		var n int64
		// The name comes quoted from the catalog.
		if err := q.QueryRow(ctx, "SELECT count(*) FROM "+name).Scan(&n); err != nil {
			return nil, fmt.Errorf("count the rows of %s: %w", name, err)
		}
		tables[name] = n
	}
	return tables, nil
}

func checkEmpty(ctx context.Context, q querier) error {
	names, err := listTables(ctx, q)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("%w (it has %d tables, %s the first): restore into another data directory or database", ErrNotEmpty, len(names), names[0])
}

// transactionColumns lists the columns that hold the id of the transaction that changed the row, by their defaults.
const transactionColumns = `
SELECT format('UPDATE %s SET %I = DEFAULT', d.adrelid::regclass, a.attname)
FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE pg_get_expr(d.adbin, d.adrelid) LIKE '%pg_current_xact_id%'`

// renewTransactionIDs makes the rows say that they were changed now. Transaction ids begin anew in every cluster: those of
// the old one lie in the future of the new one, whose readers would not see the rows until it has caught up.
func renewTransactionIDs(ctx context.Context, conn *pgx.Conn) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, transactionColumns)
		if err != nil {
			return err
		}
		statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("renew transaction ids: %w", err)
	}
	return nil
}

// knownSchema is the last migration that this program has.
func knownSchema() (int64, error) {
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return 0, err
	}
	var last int64
	for _, name := range files {
		number, _, _ := strings.Cut(name, "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", name, err)
		}
		last = max(last, n)
	}
	return last, nil
}
