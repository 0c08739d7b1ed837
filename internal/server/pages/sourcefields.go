package pages

import (
	"net/url"
	"strconv"

	"github.com/sluicehq/sluice/internal/sources"
	"github.com/sluicehq/sluice/web/views"
)

func scheduleFields(form url.Values) []views.Field {
	return []views.Field{
		{Name: "sync_frequency_hours", Label: "Look for changes", Value: orElse(form.Get("sync_frequency_hours"), "24"), Options: frequencyOptions()},
		{Name: "deletion_check_strategy", Label: "Look for deletions", Value: orElse(form.Get("deletion_check_strategy"), string(sources.WeeklyReconciliation)), Options: strategyOptions()},
	}
}

func advancedFields(form url.Values) []views.Field {
	return []views.Field{
		{Name: "restricted_pages", Label: "Restricted pages", Value: orElse(form.Get("restricted_pages"), string(sources.Skip)), Options: restrictedOptions(), Hint: "Pages only some people may view in Confluence."},
		{Name: "text_language", Label: "Language of the text", Value: orElse(form.Get("text_language"), "english"), Options: languageOptions(), Hint: "Decides how words are matched."},
		{Name: "jira_base_url", Label: "JIRA address", Value: form.Get("jira_base_url"), Type: "url", Placeholder: "https://example.atlassian.net", Hint: "Where issue keys lead. Empty: the site itself for Cloud, no links for Data Center."},
	}
}

func frequencyOptions() []views.Option {
	var options []views.Option
	for _, hours := range []int{1, 2, 4, 6, 12, 24, 48, 168} {
		options = append(options, views.Option{Value: strconv.Itoa(hours), Text: upperFirst(frequencyText(hours))})
	}
	return options
}

func strategyOptions() []views.Option {
	return []views.Option{
		{Value: string(sources.WeeklyReconciliation), Text: "Every week"}, {Value: string(sources.EverySync), Text: "With every sync"}, {Value: string(sources.OnDemand), Text: "Only when asked"},
	}
}

func restrictedOptions() []views.Option {
	return []views.Option{{Value: string(sources.Skip), Text: "Leave out"}, {Value: string(sources.Include), Text: "Store, for administrators only"}}
}

// languages are the text search configurations that are offered.
func languages() []string {
	return []string{"english", "german", "french", "spanish", "italian", "portuguese", "dutch", "swedish", "norwegian", "danish", "finnish", "russian", "simple"}
}

func languageOptions() []views.Option {
	var options []views.Option
	for _, name := range languages() {
		options = append(options, views.Option{Value: name, Text: languageText(name)})
	}
	return options
}

// languageText names a text search configuration.
func languageText(name string) string {
	if name == "simple" {
		return "Mixed or other (no stemming)"
	}
	return upperFirst(name)
}
