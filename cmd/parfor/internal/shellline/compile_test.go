package shellline

import (
	"errors"
	"strings"
	"testing"
)

func TestSource(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`echo {}`, `echo "${PF_0}"`},
		{`echo "a {} b"`, `echo "a ${PF_0} b"`},
		{`echo 'a {} b'`, `echo 'a '"${PF_0}"' b'`},
		{`echo {}{}`, `echo "${PF_0}""${PF_0}"`},
		{`cp {1} {2}/{1}`, `cp "${PF_0}" "${PF_1}"/"${PF_0}"`},
		{`echo $HOME{}`, `echo $HOME"${PF_0}"`},
		{`echo "$HOME{}"`, `echo "$HOME${PF_0}"`},
		{`x={}; echo "$(basename -- {} .txt)"`, `x="${PF_0}"; echo "$(basename -- "${PF_0}" .txt)"`},
		{"cat <<EOF > {}.log\n{} says \"{}\"\nEOF\n", "cat <<EOF > \"${PF_0}\".log\n${PF_0} says \"${PF_0}\"\nEOF\n"},
		{`wc -l {} | tr -s " "`, `wc -l "${PF_0}" | tr -s " "`},
		{`echo \\{}`, `echo \\"${PF_0}"`},
		{`echo $${}`, `echo $$"${PF_0}"`},
		{`echo '\{}'`, `echo '\'"${PF_0}"''`},
	} {
		l, err := Compile(split(c.line), Options{})
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
		} else if l.Source != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.line, l.Source, c.want)
		}
	}
}

// TestAccepted are lines as people write them.
func TestAccepted(t *testing.T) {
	for _, line := range []string{
		`curl -sf https://api.test/u/{}`, `gzip -9 {}`, `gcc -c {} -o {.}.o`, `convert {} -resize 50% small/{/}`,
		`ssh {} uptime`, `ssh -p 22 -- {} uptime`, `awk '{print $1}' {}`, `awk -F, -v n=3 '{print n}' {} > {}.out`, `sed -i 's/a/b/' {}`, `sed -n -e p {}`,
		`grep -c bash {}`, `jq -r --arg x {} '.[$x]' data.json`, `jq . {}`, `python3 tool.py {}`, `python3 "$HOME/tool.py" {}`, `sh ./job.sh {}`, `sh {}`,
		`sudo -u root rm -- {}`, `timeout 5 ping -c1 {}`, `timeout {} sleep 1`, `env LANG=C sort {}`, `env X={} sort`, `nice -n 19 gzip {}`,
		`find {} -name x -print`, `find . -name {} -exec rm -- {} +`, `git clone -- {}`, `git -C {} pull`, `git log --oneline -- {}`, `tar -czf {}.tgz {}`, `tar xf {}`,
		`docker exec c ls {}`, `n=$(wc -l < {}); echo $((n + 1))`, `i=0; i=$((i+1)); echo {} $i`, `exit {}`, `[ {} -gt 3 ]`, `[ -f {} ] && cat {}`, `! grep -q x {}`,
		`f() { local x="$1"; echo "$x"; }; f {}`, `while read -r x; do echo "$x"; done < {}`, `printf '%s\n' {} | ssh h 'cat >> log'`, `command -v {}`,
		`cd {} && make`, `rsync -a {} host:dir/`, `kill -9 {}`, `sleep {}`, `test {} = x`, `sh -c 'rm -- "$1"' sh {}`, `bash -c 'echo "$1"' _ {}`, `perl -e 'print $ARGV[0]' {}`, `"$HOME/bin/tool" {}`, `~/bin/tool {}`,
	} {
		if _, err := Compile(split(line), Options{}); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`echo hello`, "no placeholder"},
		{` `, "empty"},
		{`echo "{}`, "1:6: reached EOF without closing quote"},
		{"true\necho $(( {} + 1 ))", "2:10: {} is in arithmetic"},
		{`echo $PF_0 {}`, "parfor's own"},
		{`echo é {1} $(({2}))`, "1:15: {2} is in arithmetic"},
		{`cat <<<{}`, "--shell bash"},
	} {
		_, err := Compile(split(c.line), Options{})
		var refused *Error
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.line, err, c.want)
		}
	}
	_, err := Compile(split("true; echo $(({}))"), Options{})
	want := "1:15: {} is in arithmetic, which evaluates it and runs commands hidden in it; write expr \"$x\" + 1, or pass it to a program\n" +
		"    true; echo $(({}))\n" +
		"                  ^"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if _, err := Compile(split("echo hello"), Options{ItemsOnStdin: true}); err != nil {
		t.Error(err)
	}
	if _, err := Compile(split("echo {}"), Options{Shell: "fish"}); err == nil {
		t.Error("fish is accepted")
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		line   string
		values []string
		allow  bool
		want   string // of the error; "" none
	}{
		{`rm {}`, []string{"-rf"}, false, "item begins with -: write ./{} or put -- before it, or --allow-dash"},
		{`rm {}`, []string{"-rf"}, true, ""},
		{`rm -- {}`, []string{"-rf"}, false, ""},
		{`rm ./{}`, []string{"-rf"}, false, ""},
		{`x={}; rm -- "$x"`, []string{"-rf"}, false, ""},
		{`rm "{}"`, []string{"-rf"}, false, "begins with -"},
		{`rm ''{}`, []string{"-rf"}, false, "begins with -"},
		{`rm $x{}`, []string{"-rf"}, false, "begins with -"},
		{`rm -{}`, []string{"-x"}, false, "begins with -"},
		{`rm {1}{2}`, []string{"", "-rf"}, false, "{2} begins with -"},
		{`rm {1}{2}`, []string{"a", "-rf"}, false, ""},
		{`rm {1} {2}`, []string{"a", "-rf"}, false, "{2} begins with -"},
		{`sudo -- rm {}`, []string{"-rf"}, false, "begins with -"},
		{`echo {}`, []string{"-n"}, false, "begins with -"},
		{`echo -- {}`, []string{"-n"}, false, ""}, // the -- ended them, echo prints it
		{`echo x {}`, []string{"-n"}, false, ""},
		{`printf '%s\n' {}`, []string{"-n"}, false, ""},
		{`[ {} = -x ]`, []string{"-x"}, false, ""},
		{`find -- {}`, []string{"-delete"}, false, "begins with -"},
		{`ssh {} uptime`, []string{"-oProxyCommand=x"}, true, "option that runs code"},
		{`sh {}`, []string{"-c"}, true, "option that runs code"},
		{`echo {}`, []string{"a\x00b"}, false, "NUL byte (byte 2)"},
		{`echo {}`, []string{strings.Repeat("x", longest)}, false, "--stdin"},
		{`echo {}`, []string{strings.Repeat("x", longest-6)}, false, ""},
	} {
		l, err := Compile(split(c.line), Options{AllowDash: c.allow})
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		err = l.Check(c.values)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s with %.20q: %v, want %q", c.line, c.values, err, c.want)
		}
	}
}
