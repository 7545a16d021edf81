package post

import "strings"

// Refuse ends what is open for a subject: the server said that it takes nothing
// there from this program, and says so with no answer to any message.
func (p *Post) Refuse(subject string, err error) {
	p.give(err, func(s string) bool { return s == subject })
}

// Withdraw ends what is open for subjects that begin so: nobody wants it any more.
// What was sent may still be stored; it is not sent again.
func (p *Post) Withdraw(prefix string, err error) {
	p.give(err, func(s string) bool { return strings.HasPrefix(s, prefix) })
}

func (p *Post) give(err error, up func(subject string) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.open {
		if l.err == nil && up(l.msg.Subject) {
			l.err = err // remind says so
		}
	}
}
