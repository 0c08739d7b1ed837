package demo

import "github.com/sluicehq/sluice/internal/confluence/confluencetest"

// person is somebody who writes pages.
type person struct{ id, name string }

// people are the company's writers, by the key that content files use.
func people() map[string]person {
	return map[string]person{
		"aisha": {"712020:a1500000-0000-4000-8000-000000000001", "Aisha Rahman"},
		"grace": {"712020:a1500000-0000-4000-8000-000000000002", "Grace Lindqvist"},
		"jon":   {"712020:a1500000-0000-4000-8000-000000000003", "Jon Ferreira"},
		"lena":  {"712020:a1500000-0000-4000-8000-000000000004", "Lena Hofmann"},
		"mina":  {"712020:a1500000-0000-4000-8000-000000000005", "Mina Okafor"},
		"omar":  {"712020:a1500000-0000-4000-8000-000000000006", "Omar Benali"},
		"priya": {"712020:a1500000-0000-4000-8000-000000000007", "Priya Nair"},
		"tomas": {"712020:a1500000-0000-4000-8000-000000000008", "Tomás Dvořák"},
	}
}

// The account that the demonstration's connection uses.
const (
	// Email and Token let the demonstration's account in.
	Email = "sluice-demo@halyard.example"
	Token = "demonstration-token"
	// AccountID is who they are. The account may read restricted pages.
	AccountID = "712020:a1500000-0000-4000-8000-000000000099"
)

// documentation is the group that may read restricted pages.
const documentation = "documentation"

func addPeople(site *confluencetest.Site) {
	for key, p := range people() {
		site.AddUser(confluencetest.User{ID: p.id, Name: p.name, Email: key + "@halyard.example", Groups: []string{"engineering"}})
	}
	site.AddUser(confluencetest.User{ID: AccountID, Name: "Sluice demonstration", Email: Email, Groups: []string{documentation}})
	site.AddToken(AccountID, Token)
}
