// Lists the caller's rooms with the client that oapi-codegen has generated.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"palaver.invalid/tests/api/client"
)

func main() {
	base, token := os.Args[1], os.Args[2]
	authorize := func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
	palaver, err := client.NewClientWithResponses(base, client.WithRequestEditorFn(authorize))
	if err != nil {
		fail(err)
	}
	limit := 10
	page, err := palaver.ListRoomsWithResponse(context.Background(), &client.ListRoomsParams{Limit: &limit})
	if err != nil {
		fail(err)
	}
	if page.JSON200 == nil {
		fail(fmt.Errorf("%s: %s", page.Status(), page.Body))
	}
	for _, room := range page.JSON200.Items {
		fmt.Println(*room.Slug)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
