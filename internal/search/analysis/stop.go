package analysis

import "strings"

// stopWords are the words of English that carry no topic, question words and politeness among them, without apostrophes.
//
//nolint:gochecknoglobals // a constant table
var stopWords = wordSet(`
a about above after again against all also am an and any anyone are arent as at be because been before being below between
both but by can cannot cant could couldnt did didnt do does doesnt doing dont down during each every few for from further
get gets getting got had hadnt has hasnt have havent having he her here hers herself hi him himself his how hows i id if
ill im in into is isnt it its itself ive just let lets like many may maybe me might more most much must my myself no nor
not of off ok on once one only or other our ours ourselves out over own per please same shall she should shouldnt so some
somebody someone something such tell than thank thanks that thats the their theirs them themselves then there these they
theyre this those through to too under until up upon us very via was wasnt we well were werent weve what whats when whens
where wheres whether which while who whom whos whose why whys will with within without wont would wouldnt yes yet you your
youre yours yourself yourselves
`)

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		set[w] = true
	}
	return set
}
