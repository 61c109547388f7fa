// Reads a JSON string a line and answers with what github.com/distribution/reference makes of it: a JSON string a
// line, empty where it refuses.
package main

import (
	"bufio"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/json"
	"os"

	"github.com/distribution/reference"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	answers := json.NewEncoder(out)
	for in.Scan() {
		var text, answer string
		if json.Unmarshal(in.Bytes(), &text) != nil {
			panic("not JSON")
		}
		// It takes `a_b.io/c` for a path without a host, which no registry client could ask for.
		if named, err := reference.ParseNormalizedNamed(text); err == nil && reference.Domain(named) != "" {
			answer = reference.TagNameOnly(named).String()
		}
		answers.Encode(answer)
	}
}
