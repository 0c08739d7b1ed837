package auth

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/sluicehq/sluice/internal/wiki"
)

// The actions of the audit log. A filter "token." stands for all actions that begin so.
const (
	ActionSignIn          = "session.sign_in"
	ActionSignInFailed    = "session.sign_in_failed"
	ActionSignInThrottled = "session.sign_in_throttled" // a failure after which further tries have to wait
	ActionSignOut         = "session.sign_out"
	ActionUserCreate      = "user.create"
	ActionUserChange      = "user.change"
	ActionUserRemove      = "user.remove"
	ActionPasswordChange  = "user.password"
	ActionInvite          = "user.invite"
	ActionResetLink       = "user.reset_link"
	ActionLinkRevoke      = "user.link_revoke"
	ActionTokenCreate     = "token.create"
	ActionTokenRevoke     = "token.revoke"
)

// AuditEntry is one line of the audit log: who did what to whom or what, when and from where.
type AuditEntry struct {
	ID      int64          `json:"id"`
	At      time.Time      `json:"at"`
	ActorID string         `json:"actor_id"` // empty where no account acted
	Actor   string         `json:"actor"`    // e-mail address, or "cli", "system", "nobody"
	Action  string         `json:"action"`
	Subject string         `json:"subject"`
	Detail  map[string]any `json:"detail"`
	Address string         `json:"address"`
}

// AuditFilter narrows the audit log. Limit 0 is 50, at most 200.
type AuditFilter struct {
	Actor   string // e-mail address
	Action  string // or a family, ending in a dot
	Subject string
	After   *time.Time
	Before  *time.Time
	Limit   int
	Cursor  string
}

// Audit returns entries, newest first, and the cursor of the next page (empty at the end). Admins only.
func (s *Service) Audit(ctx context.Context, filter AuditFilter) (entries []AuditEntry, next string, err error) {
	if err := mustAdmin(ctx); err != nil {
		return nil, "", err
	}
	before, err := decodeCursor(filter.Cursor)
	if err != nil {
		return nil, "", err
	}
	if filter.Limit <= 0 {
		filter.Limit = 50
	}
	filter.Limit = min(filter.Limit, 200)
	limit := filter.Limit
	filter.Limit++ // one more, to know whether there is a next page
	entries, err = s.store.Audit(ctx, filter, before)
	if err != nil {
		return nil, "", err
	}
	if len(entries) > limit {
		entries = entries[:limit]
		next = encodeCursor(entries[limit-1].ID)
	}
	return entries, next, nil
}

func encodeCursor(id int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("a" + strconv.FormatInt(id, 10)))
}

func decodeCursor(cursor string) (int64, error) {
	if cursor == "" {
		return 0, nil
	}
	decoded, err := base64.RawURLEncoding.DecodeString(cursor)
	digits, ok := strings.CutPrefix(string(decoded), "a")
	if err != nil || !ok {
		return 0, badCursor()
	}
	id, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || id <= 0 {
		return 0, badCursor()
	}
	return id, nil
}

func badCursor() error {
	return wiki.Invalid("cursor", "This is not a cursor that an earlier answer gave.")
}

// Record writes an action of the actor in ctx to the audit log. It outlasts the request, and a failure is only logged:
// what was done is done.
func (s *Service) Record(ctx context.Context, action, subject string, detail map[string]any) {
	s.auditAs(ctx, FromContext(ctx), action, subject, detail)
}

func (s *Service) auditAs(ctx context.Context, actor Identity, action, subject string, detail map[string]any) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.store.InsertAudit(ctx, entryBy(ctx, actor, action, subject, detail)); err != nil {
		s.log.ErrorContext(ctx, "audit entry not written", "action", action, "subject", subject, "err", err)
	}
}

func entry(ctx context.Context, action, subject string, detail map[string]any) AuditEntry {
	return entryBy(ctx, FromContext(ctx), action, subject, detail)
}

func entryBy(ctx context.Context, actor Identity, action, subject string, detail map[string]any) AuditEntry {
	e := AuditEntry{
		ActorID: actor.UserID, Actor: actor.Email, Action: action, Subject: cut(subject, 500), Detail: detail,
		Address: OriginFrom(ctx).Address,
	}
	if e.Actor == "" {
		e.Actor = "system"
	}
	return e
}
