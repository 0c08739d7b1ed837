-- name: SweepSessionData :execrows
DELETE FROM sessions WHERE expiry < @now;

-- name: SweepUserSessions :execrows
DELETE FROM user_sessions WHERE last_seen_at < @idle_since OR created_at < @created_since;

-- name: SweepLinks :execrows
DELETE FROM account_links WHERE expires_at < @now;

-- name: SweepThrottles :execrows
DELETE FROM throttles WHERE last_at < @before AND (blocked_until IS NULL OR blocked_until < @now);

-- name: SweepAddresses :execrows
DELETE FROM user_addresses WHERE last_at < @before;

-- name: SweepAudit :execrows
DELETE FROM audit_log WHERE at < @before;

-- name: SweepSearches :execrows
DELETE FROM search_log WHERE at < @before;

-- name: SweepKeys :execrows
DELETE FROM idempotency_keys WHERE created_at < @before;
