package task

import "encoding/binary"

// OriginArg, ReachArg and RecordedArg are the names under which a loop that
// reaches its workers through an agent carries [Loop.Origin], [Loop.Reach] and
// [Loop.Recorded].
const (
	OriginArg   = "parfor.Origin"
	ReachArg    = "parfor.Reach"
	RecordedArg = "parfor.Recorded"
)

// AppendOrigin encodes the value of OriginArg.
func AppendOrigin(dst []byte, origin [2]uint64) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, origin[0]), origin[1])
}

// AppendReach encodes the value of ReachArg.
func AppendReach(dst []byte, reach uint64) []byte {
	return binary.LittleEndian.AppendUint64(dst, reach)
}

// through sets what came with the arguments of a loop.
func (l *Loop) through(encoded map[string][]byte) {
	if b := encoded[OriginArg]; len(b) == 16 {
		l.Origin = [2]uint64{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}
	}
	if b := encoded[ReachArg]; len(b) == 8 {
		l.Reach = binary.LittleEndian.Uint64(b)
	}
	_, l.Recorded = encoded[RecordedArg]
}
