# parfor run --lines -- sh body.sh
# Write your own work(): it prints one line, or fails; the script then ends with its status, which
# becomes the item's, and is started again for the next one.
work() {
    printf '%s\n' "$1" | tr a-z A-Z
}

exec 3<&0 4>&1 </dev/null >&2 # what work() starts must not read the items; what it prints is no answer
while IFS= read -r item <&3; do
    answer=$(work "$item") || exit
    printf '%s\n' "$answer" >&4
done
