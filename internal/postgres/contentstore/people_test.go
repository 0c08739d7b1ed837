package contentstore_test

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/sluicehq/sluice/internal/wiki"
)

// Runs of several spaces of one site learn the same people and projects at the same moment, each in its own order.
func TestPeopleAndProjectsOfOneSiteAreSavedByManyRunsAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var users []wiki.User
	var keys []string
	for n := range 300 {
		users = append(users, wiki.User{ID: fmt.Sprintf("user-%03d", n), DisplayName: fmt.Sprint("Person ", n), Active: true})
		keys = append(keys, fmt.Sprintf("KEY%03d", n))
	}
	for round := range 5 {
		var runs errgroup.Group
		for run := range 4 {
			mine, projects := slices.Clone(users), slices.Clone(keys)
			if run%2 == 1 {
				slices.Reverse(mine)
				slices.Reverse(projects)
			}
			runs.Go(func() error { return b.store.SaveUsers(t.Context(), "c", mine) })
			if round == 0 {
				runs.Go(func() error { return b.store.AddJiraProjects(t.Context(), "c", projects) })
			}
		}
		if err := runs.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	names, err := b.store.UserNames(t.Context(), "c", []string{"user-000", "user-299"})
	if err != nil || len(names) != 2 || names["user-299"].DisplayName != "Person 299" {
		t.Errorf("names %v, %v", names, err)
	}
}
