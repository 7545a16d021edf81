trap '' HUP INT QUIT TERM
lives() {
	kill -s 0 "$1" || return
	read -r stat <"/proc/$1/stat" || return 0
	case ${stat##*) } in
	[ZX]*) return 1 ;;
	esac
}
read -r end
groups=
while read -r p; do
	groups="$groups $p"
done <&3
if [ "$1" != told ]; then
	for p in $groups; do kill -s TERM "$p"; done
fi
orphans=' ' tenths=$2
while :; do
	left=
	for p in $groups; do
		kill -s 0 -- "-$p" || continue
		left="$left $p"
		lives "$p" && continue
		case $orphans in
		*" $p "*) ;;
		*) kill -s TERM -- "-$p" && orphans="$orphans$p " ;;
		esac
	done
	groups=$left
	[ -n "$groups" ] && [ "$tenths" -gt 0 ] || break
	tenths=$((tenths - 1))
	sleep 0.1 || sleep 1
done
for p in $groups; do kill -s KILL -- "-$p"; done
