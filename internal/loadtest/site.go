package loadtest

import "github.com/sluicehq/sluice/internal/confluence/confluencetest"

// Site is a generated Confluence and the account that reads it.
type Site struct {
	*confluencetest.Site
	AccountID, AccountName, Email, Token string
}

// NewSite generates a site of one space.
func NewSite(o confluencetest.GenerateOptions) Site {
	s := Site{
		Site:      confluencetest.New(confluencetest.Options{Seed: o.Seed}),
		AccountID: "5b10a2844c20165700ede21e", AccountName: "Reader", Email: "reader@example.org", Token: "a-token-for-load",
	}
	s.AddUser(confluencetest.User{ID: s.AccountID, Email: s.Email, Name: s.AccountName})
	s.AddToken(s.AccountID, s.Token)
	o.Author = s.AccountID
	confluencetest.Generate(s.Site, o)
	return s
}
