package pgserver

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is whom the server runs as. PostgreSQL refuses to run as root, so root gives its rights up for it.
type account struct {
	uid, gid int
	name     string
	drop     bool // we are root and become the account in the child
}

// serverAccount returns the account for the cluster in dir: ourselves, unless we are root. Then it is the owner of an
// existing cluster, else the account that the distribution made for PostgreSQL, else nobody.
func serverAccount(dir string) (account, error) {
	if os.Getuid() != 0 {
		return lookUp(strconv.Itoa(os.Getuid()), false)
	}
	if info, err := os.Stat(dir); err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
			return lookUp(strconv.Itoa(int(st.Uid)), true)
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return fromUser(u, true)
		}
	}
	return account{}, fmt.Errorf("started as root, but PostgreSQL must not run as root and there is no account " +
		"\"postgres\" or \"nobody\" to run it as: make one with: useradd --system postgres")
}

func lookUp(uid string, drop bool) (account, error) {
	u, err := user.LookupId(uid)
	if err != nil {
		return account{}, fmt.Errorf("PostgreSQL needs an account with a name, but user id %s has none in the password "+
			"file: %w", uid, err)
	}
	return fromUser(u, drop)
}

func fromUser(u *user.User, drop bool) (account, error) {
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return account{}, fmt.Errorf("user id of %s: %w", u.Username, err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return account{}, fmt.Errorf("group id of %s: %w", u.Username, err)
	}
	return account{uid: uid, gid: gid, name: u.Username, drop: drop}, nil
}

// own gives a file to the account.
func (a account) own(path string) error {
	if !a.drop {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// writeFile replaces a file of the account's.
func (a account) writeFile(path, content string) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, []byte(content), 0o600); err != nil {
		return err
	}
	if err := a.own(tmp); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// credential is what a child gets, nil where it stays what we are.
func (a account) credential() *syscall.Credential {
	if !a.drop {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// reaches reports whether the account may walk down to dir, by the permission bits of its parents. It may not where
// root keeps the program under /root.
func (a account) reaches(dir string) bool {
	if !a.drop {
		return true
	}
	for p := filepath.Dir(dir); ; p = filepath.Dir(p) {
		info, err := os.Stat(p)
		if err != nil {
			return false
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return false
		}
		bit := uint32(0o001)
		switch {
		case int(st.Uid) == a.uid:
			bit = 0o100
		case int(st.Gid) == a.gid:
			bit = 0o010
		}
		if uint32(st.Mode)&bit == 0 { //nolint:unconvert // 16 bits wide on macOS
			return false
		}
		if p == filepath.Dir(p) {
			return true
		}
	}
}
