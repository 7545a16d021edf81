package post

// Refuse ends what is open for a subject: the server said that it takes nothing
// there from this program, and says so with no answer to any message.
func (p *Post) Refuse(subject string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.open {
		if l.msg.Subject == subject && l.err == nil {
			l.err = err // remind says so
		}
	}
}
