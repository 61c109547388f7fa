// Command cri-pull asks a container runtime for images, as a kubelet does: cri-pull SOCKET IMAGE...
// A line an image: its name, a tab, and the name@digest that the runtime keeps it under, or "error: " and why not.
// It ends with 1 where one could not be pulled, with 2 where the runtime does not answer.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		fmt.Println("cri-pull 1.0.0")
		return
	}
	connection, err := grpc.NewClient("unix://"+os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		end(err)
	}
	images := cri.NewImageServiceClient(connection)
	if err := awaitStart(images); err != nil {
		end(err)
	}
	failed := 0
	for _, name := range os.Args[2:] {
		said, err := pull(images, name)
		if err != nil {
			said, failed = "error: "+strings.ReplaceAll(err.Error(), "\n", " "), 1
		}
		fmt.Printf("%s\t%s\n", name, said)
	}
	os.Exit(failed)
}

func end(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}

// A runtime that starts refuses everything for a while; one without CRI never knows the call.
func awaitStart(images cri.ImageServiceClient) error {
	for tries := 0; ; tries++ {
		_, err := images.ListImages(context.Background(), &cri.ListImagesRequest{})
		if err == nil || status.Code(err) == codes.Unimplemented || tries == 200 {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func pull(images cri.ImageServiceClient, name string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pulled, err := images.PullImage(ctx, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: name}})
	if err != nil {
		return "", err
	}
	kept, err := images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: pulled.ImageRef}})
	if err != nil {
		return "", err
	}
	return strings.Join(kept.GetImage().GetRepoDigests(), " "), nil
}
