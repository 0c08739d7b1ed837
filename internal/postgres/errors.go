package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/sluicehq/sluice/internal/wiki"
)

// SQLSTATEs that callers are told apart by. https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	codeForeignKey    = "23503"
	codeUnique        = "23505"
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeCanceled      = "57014"
	codeNotInCharset  = "22021"
	codeNoCharacter   = "22P05"
)

// Translate wraps a database error into a kind of package wiki: a missing row is wiki.ErrNotFound, a broken unique
// constraint wiki.ErrConflict, a server that is away, full or shutting down wiki.ErrUnavailable, a string that is no text
// wiki.ErrInvalid. Other errors, and those that already have a kind, stay as they are.
func Translate(err error) error {
	if err == nil || hasKind(err) {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%w: %w", wiki.ErrNotFound, err)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		if kind := kindOf(pg.Code); kind != nil {
			return fmt.Errorf("%w: %w", kind, err)
		}
		return err
	}
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed") {
		if errors.Is(err, context.Canceled) {
			return err
		}
		return fmt.Errorf("%w: %w", wiki.ErrUnavailable, err)
	}
	return err
}

func hasKind(err error) bool {
	for _, kind := range []error{wiki.ErrNotFound, wiki.ErrConflict, wiki.ErrInvalid, wiki.ErrUnavailable} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// kindOf is the kind of a SQLSTATE, or nil.
func kindOf(code string) error {
	switch code {
	case codeForeignKey: // what the row belongs to is gone
		return wiki.ErrNotFound
	case codeUnique, codeSerialization, codeDeadlock:
		return wiki.ErrConflict
	case codeCanceled:
		return wiki.ErrUnavailable
	case codeNotInCharset, codeNoCharacter: // NUL, or bytes that are not UTF-8
		return wiki.ErrInvalid
	}
	switch code[:min(2, len(code))] {
	case "08", "53", "57", "58": // connection, resources (disk full, too many clients), shutdown, input/output
		return wiki.ErrUnavailable
	}
	return nil
}

// repeatable reports whether the transaction lost to another one and may win next time.
func repeatable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == codeSerialization || pg.Code == codeDeadlock)
}

// hideURL drops the connection string from pgx's parse errors: it may hold a password.
func hideURL(err error) error {
	if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		return errors.New("cannot be parsed; it should look like postgres://user:password@host:5432/database")
	}
	return err
}
