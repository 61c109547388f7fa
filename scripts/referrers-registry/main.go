// Command referrers-registry serves ADDRESS as `crane registry serve` does, with the referrers API, which crane leaves
// off. It says nothing of OCI-Subject, and keeps all in memory.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	if len(os.Args) != 2 || os.Args[1] == "--version" {
		fmt.Println("referrers-registry 1.0.0")
		return
	}
	log.Fatal(http.ListenAndServe(os.Args[1], registry.New(registry.WithReferrersSupport(true))))
}
