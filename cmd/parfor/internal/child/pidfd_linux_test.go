package child

func setPidfd(on bool) (was bool) {
	was, withPidfd = withPidfd, on
	return was
}
