package cluster

import (
	"parfor.dev/parfor/cluster/internal/names"
)

// Queue returns the names of the JetStream stream and of the consumer on it that
// hold the items of a function of a [Version], in a namespace: for what scales
// agents by the queue, or watches it. Without Version each build has consumers of
// its own, and no name could be written down before.
//
// A consumer counts messages, which are some milliseconds of work each, or one
// item that takes longer. It is made by the first agent of the function, and stays.
func Queue(namespace, version, function string) (stream, consumer string, err error) {
	space := names.Space(namespace)
	switch err := space.Check(); {
	case err != nil:
		return "", "", bad("Queue: %v", err)
	case version == "" || function == "":
		return "", "", bad("Queue: it takes a version and the name of a function")
	}
	return space.Tasks(), names.Program{Version: version}.Lane(function), nil
}
