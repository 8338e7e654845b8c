// Files in Go, below the directory of the argument.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

func kind(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrExist):
		return "exists"
	case errors.Is(err, fs.ErrPermission):
		return "no permission"
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return link.Err.Error()
	}
	return err.Error()
}

func main() {
	root := os.Args[1]
	below := func(name string) string { return filepath.Join(root, name) }
	fmt.Println("write:", kind(os.WriteFile(below("a"), []byte("hello"), 0o644)))
	text, err := os.ReadFile(below("a"))
	fmt.Println("read:", string(text), kind(err))
	_, err = os.ReadFile(below("missing"))
	fmt.Println("missing:", kind(err))
	fmt.Println("mkdir:", kind(os.MkdirAll(below("d/e/f"), 0o755)))
	fmt.Println("rename:", kind(os.Rename(below("a"), below("d/e/b"))))
	fmt.Println("symlink:", kind(os.Symlink("e/b", below("d/link"))))
	text, err = os.ReadFile(below("d/link"))
	fmt.Println("through link:", string(text), kind(err))
	file, err := os.OpenFile(below("d/e/b"), os.O_APPEND|os.O_WRONLY, 0)
	fmt.Println("append:", kind(err))
	if err == nil {
		fmt.Fprint(file, ", world")
		file.Close()
	}
	for i := range 50 {
		os.WriteFile(below(fmt.Sprintf("d/n%02d", i)), nil, 0o644)
	}
	entries, err := os.ReadDir(below("d"))
	fmt.Println("entries:", len(entries), kind(err))
	var names []string
	filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if !strings.Contains(path, "/n") {
			names = append(names, strings.TrimPrefix(path, root))
		}
		return err
	})
	fmt.Println("walk:", names)
	info, err := os.Stat(below("d/link"))
	if err == nil {
		fmt.Println("stat:", info.Size(), info.Mode().IsRegular())
	} else {
		fmt.Println("stat:", kind(err))
	}
	_, err = os.ReadFile(below("../secret"))
	fmt.Println("above:", kind(err))
	fmt.Println("remove:", kind(os.Remove(below("d"))))
	fmt.Println("remove all:", kind(os.RemoveAll(below("d"))))
	entries, err = os.ReadDir(root)
	fmt.Println("left:", len(entries), kind(err))
}
