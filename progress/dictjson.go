package progress

import (
	"strconv"

	"parfor.dev/parfor/observe"
)

type jsonDict struct {
	Name      string    `json:"name"`
	Commits   int64     `json:"commits"`
	Set       int64     `json:"set,omitempty"`
	Del       int64     `json:"del,omitempty"`
	Add       int64     `json:"add,omitempty"`
	Other     int64     `json:"other,omitempty"`
	Conflicts int64     `json:"conflicts"`
	Reads     int64     `json:"reads,omitempty"`
	Entries   int       `json:"entries"`
	Recv      int64     `json:"recv,omitempty"`
	Asked     int64     `json:"asked,omitempty"`
	Hot       []jsonHot `json:"hot,omitempty"`
}

type jsonHot struct {
	Hash      string `json:"hash"` // 16 hex digits: other languages have no such integers
	Key       string `json:"key,omitempty"`
	Conflicts int64  `json:"conflicts,omitempty"`
	Writes    int64  `json:"writes,omitempty"`
}

func dictJSON(d observe.Dict) jsonDict {
	out := jsonDict{
		Name: d.Name, Commits: d.Commits, Set: d.Sets, Del: d.Deletes, Add: d.Adds, Other: d.Others,
		Conflicts: d.Conflicts, Reads: d.Reads, Entries: d.Entries, Recv: d.Received, Asked: d.Asked,
	}
	for _, h := range d.Hot {
		hash := strconv.FormatUint(h.Hash, 16)
		for len(hash) < 16 {
			hash = "0" + hash
		}
		out.Hot = append(out.Hot, jsonHot{hash, h.Key, h.Conflicts, h.Writes})
	}
	return out
}
