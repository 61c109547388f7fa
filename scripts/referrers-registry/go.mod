// The registry of crane with the referrers API, for the tests. To move: change the version, and run go mod tidy.
module airgap-bundle.test/referrers-registry

go 1.25.0

require github.com/google/go-containerregistry v0.22.1
