package names

// Inbox is where what a side asks for is answered, so that agents can't read what
// others were answered. Sides are "agent" and "owner".
func (s Space) Inbox(side string) string { return "_INBOX_PF_" + string(s) + "_" + side }

// AgentPublishes are the subjects to which an agent sends.
func (s Space) AgentPublishes() []string {
	all := []string{
		"$JS.API.CONSUMER.CREATE." + s.Tasks() + ".>",   // a lane is made by its first agent
		"$JS.API.CONSUMER.MSG.NEXT." + s.Tasks() + ".>", // chunks
		"$JS.ACK." + s.Tasks() + ".>",
		s.under("r") + ">",                                           // results,
		"$JS.API.STREAM.PURGE." + s.Results(),                        // which came too late,
		s.under("b") + ">",                                           // and large ones
		"$JS.API.STREAM.PURGE." + s.Blobs(),                          //
		"$JS.API.DIRECT.GET." + s.Blobs() + "." + s.under("b") + ">", // large items
		"$JS.API.STREAM.MSG.GET." + s.Loops(),                        // the constants of loops
		s.under("dlq") + ">",
		s.Questions(">"), // about dictionaries
		s.EntrySubject("*"),
		s.Inbox("owner") + ".>", // what it holds of a loop that is cancelled
	}
	for _, stream := range []string{s.Tasks(), s.Results(), s.Loops(), s.Blobs(), s.Dead(), s.Entries()} {
		all = append(all, "$JS.API.STREAM.INFO."+stream)
	}
	return all
}

// AgentHears are the subjects to which an agent subscribes.
func (s Space) AgentHears() []string { return []string{s.Inbox("agent") + ".>", s.Orders()} }
