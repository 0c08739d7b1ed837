package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluicehq/sluice/internal/app"
	"github.com/sluicehq/sluice/internal/auth"
	"github.com/sluicehq/sluice/internal/wiki"
)

func (p *program) userCommand() *cobra.Command {
	return group("user", "Administer accounts", p.userAdd(), p.userInvite(), p.userList(), p.userPasswd(), p.userReset(), p.userRole(), p.userRemove())
}

func (p *program) userAdd() *cobra.Command {
	var name, role string
	cmd := &cobra.Command{
		Use: "add EMAIL", Short: "Create an account; the password is read from the input", Args: exactly("EMAIL"),
		Example: "  sluice user add ada@example.com --role admin\n  pwgen 20 1 | sluice user add rita@example.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := p.readSecret("Password: ")
			if err != nil {
				return err
			}
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				user, err := a.Accounts.CreateUser(ctx, auth.NewUser{Email: args[0], Name: name, Role: auth.Role(role), Password: password})
				if err != nil {
					return err
				}
				fmt.Fprintf(p.stdout, "%s (%s)\n", user.Email, user.Role)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "the person's name")
	cmd.Flags().StringVar(&role, "role", string(auth.Reader), "admin or reader")
	return cmd
}

func (p *program) userInvite() *cobra.Command {
	var name, role string
	cmd := &cobra.Command{
		Use: "invite EMAIL", Short: "Print a one-time link with which a person creates an account", Args: exactly("EMAIL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				link, secret, err := a.Accounts.Invite(ctx, args[0], name, auth.Role(role))
				if err != nil {
					return err
				}
				return p.printLink(a, link, secret)
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "the person's name")
	cmd.Flags().StringVar(&role, "role", string(auth.Reader), "admin or reader")
	return cmd
}

func (p *program) userReset() *cobra.Command {
	return &cobra.Command{
		Use: "reset-link EMAIL", Short: "Print a one-time link with which a person sets a new password", Args: exactly("EMAIL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withUser(cmd, args[0], func(ctx context.Context, a *app.App, user auth.User) error {
				link, secret, err := a.Accounts.ResetLink(ctx, user.ID)
				if err != nil {
					return err
				}
				return p.printLink(a, link, secret)
			})
		},
	}
}

// printLink prints the link alone. Without a base URL the server's own address stands in.
func (p *program) printLink(a *app.App, link auth.Link, secret string) error {
	base := a.Config.BaseURL
	if base == "" {
		base = "http://" + a.Config.Listen
	}
	_, err := fmt.Fprintln(p.stdout, strings.TrimSuffix(base, "/")+link.Path(secret))
	return err
}

func (p *program) userList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List accounts", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				users, err := a.Accounts.Users(ctx)
				if err != nil {
					return err
				}
				if asJSON {
					return p.printJSON(map[string][]auth.User{"users": append([]auth.User{}, users...)})
				}
				w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "EMAIL\tNAME\tROLE\tLAST SIGN-IN")
				for _, u := range users {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", u.Email, clean(u.Name), u.Role, day(u.LastSignInAt, "never"))
				}
				return w.Flush()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func day(at *time.Time, otherwise string) string {
	if at == nil {
		return otherwise
	}
	return at.UTC().Format(time.DateOnly)
}

func (p *program) userPasswd() *cobra.Command {
	return &cobra.Command{
		Use: "passwd EMAIL", Short: "Set an account's password, read from the input; its sessions end", Args: exactly("EMAIL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := p.readSecret("New password: ")
			if err != nil {
				return err
			}
			return p.withUser(cmd, args[0], func(ctx context.Context, a *app.App, user auth.User) error {
				return a.Accounts.SetPassword(ctx, user.ID, password)
			})
		},
	}
}

func (p *program) userRole() *cobra.Command {
	return &cobra.Command{
		Use: "role EMAIL ROLE", Short: "Change an account's role (admin or reader)", Args: exactly("EMAIL", "ROLE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withUser(cmd, args[0], func(ctx context.Context, a *app.App, user auth.User) error {
				role := auth.Role(args[1])
				_, err := a.Accounts.ChangeUser(ctx, user.ID, auth.UserChange{Role: &role})
				return err
			})
		},
	}
}

func (p *program) userRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove EMAIL", Short: "Delete an account with its tokens and sessions", Args: exactly("EMAIL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withUser(cmd, args[0], func(ctx context.Context, a *app.App, user auth.User) error {
				return a.Accounts.RemoveUser(ctx, user.ID)
			})
		},
	}
}

func (p *program) withUser(cmd *cobra.Command, email string, do func(ctx context.Context, a *app.App, user auth.User) error) error {
	return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
		user, err := a.Accounts.UserByEmail(ctx, email)
		if errors.Is(err, wiki.ErrNotFound) {
			return fmt.Errorf("there is no account with the e-mail address %s", email)
		}
		if err != nil {
			return err
		}
		return do(ctx, a, user)
	})
}

func (p *program) tokenCommand() *cobra.Command {
	return group("token", "Administer API tokens", p.tokenCreate(), p.tokenList(), p.tokenRevoke())
}

func (p *program) tokenCreate() *cobra.Command {
	var name, role, email string
	var days int
	cmd := &cobra.Command{
		Use: "create", Short: "Create an API token and print it, once", Args: noArgs,
		Long: "Prints the token alone on stdout. Only its hash is stored, so it cannot be shown again. It belongs to the account\n" +
			"of --user, or to the first administrator.",
		Example: "  sluice token create --name ci --role reader\n  export SLUICE_TOKEN=$(sluice token create --name laptop --role admin --expires-days 30)",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				owner, err := tokenOwner(ctx, a, email)
				if err != nil {
					return err
				}
				request := auth.NewToken{Name: name, Role: auth.Role(role)}
				if days > 0 {
					until := time.Now().AddDate(0, 0, days)
					request.ExpiresAt = &until
				}
				_, secret, err := a.Accounts.CreateToken(ctx, owner.ID, request)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(p.stdout, secret)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "what uses the token")
	cmd.Flags().StringVar(&role, "role", string(auth.Reader), "admin or reader; never more than the account may")
	cmd.Flags().StringVar(&email, "user", "", "whose token it is; empty: the first administrator's")
	cmd.Flags().IntVar(&days, "expires-days", 0, "days until it expires; 0: never")
	return cmd
}

// tokenOwner is the named account, or the administrator that has been there longest. Where there is no account at all
// and the settings name the first administrator, that account is made, as the server would.
func tokenOwner(ctx context.Context, a *app.App, email string) (auth.User, error) {
	if email != "" {
		user, err := a.Accounts.UserByEmail(ctx, email)
		if errors.Is(err, wiki.ErrNotFound) {
			return user, fmt.Errorf("there is no account with the e-mail address %s", email)
		}
		return user, err
	}
	if a.Config.AdminEmail != "" {
		if _, err := a.Accounts.EnsureAdmin(ctx, a.Config.AdminEmail, a.Config.AdminPassword); err != nil {
			return auth.User{}, err
		}
	}
	users, err := a.Accounts.Users(ctx)
	if err != nil {
		return auth.User{}, err
	}
	var first auth.User
	for _, u := range users {
		if u.Role == auth.Admin && (first.ID == "" || u.CreatedAt.Before(first.CreatedAt)) {
			first = u
		}
	}
	if first.ID == "" {
		return first, errors.New("there is no account yet that the token could belong to; create one: sluice user add EMAIL --role admin")
	}
	return first, nil
}

func (p *program) tokenList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List API tokens", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				tokens, err := a.Accounts.Tokens(ctx, "")
				if err != nil {
					return err
				}
				if asJSON {
					return p.printJSON(map[string][]auth.Token{"tokens": append([]auth.Token{}, tokens...)})
				}
				w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "ID\tNAME\tBEGINS\tROLE\tACCOUNT\tLAST USED\tEXPIRES")
				for _, t := range tokens {
					fmt.Fprintf(w, "%s\t%s\t%s…\t%s\t%s\t%s\t%s\n", t.ID, clean(t.Name), t.Prefix, t.Role, t.UserEmail, day(t.LastUsedAt, "never"), day(t.ExpiresAt, "never"))
				}
				return w.Flush()
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (p *program) tokenRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Revoke an API token, by its id or name", Args: exactly("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.withApp(cmd, app.Options{}, func(ctx context.Context, a *app.App) error {
				tokens, err := a.Accounts.Tokens(ctx, "")
				if err != nil {
					return err
				}
				var ids []string
				for _, t := range tokens {
					if t.ID == args[0] || t.Name == args[0] {
						ids = append(ids, t.ID)
					}
				}
				switch len(ids) {
				case 0:
					return fmt.Errorf("there is no token %s", args[0])
				case 1:
					return a.Accounts.RevokeToken(ctx, ids[0])
				default:
					return fmt.Errorf("%d tokens are called %s; name one by its id (sluice token list)", len(ids), args[0])
				}
			})
		},
	}
}
