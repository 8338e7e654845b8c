// A WASI command as a stage: the record on stdin, the result on stdout. Makes the letters of strings capital, or with the
// argument --lower small; refuses a record that has none.
#include <cctype>
#include <cstdio>
#include <cstring>
#include <string>

int main(int argc, char** argv) {
  const bool lower = argc > 1 && std::strcmp(argv[1], "--lower") == 0;
  std::string record;
  char buffer[4096];
  for (size_t count; (count = std::fread(buffer, 1, sizeof buffer, stdin)) > 0;) record.append(buffer, count);

  bool in_string = false, is_escaped = false, found = false;
  for (char& c : record) {
    if (in_string && !is_escaped && c != '"' && c != '\\' && std::isalpha(static_cast<unsigned char>(c))) {
      c = static_cast<char>(lower ? std::tolower(c) : std::toupper(c));
      found = true;
    }
    if (c == '"' && !is_escaped) in_string = !in_string;
    is_escaped = in_string && c == '\\' && !is_escaped;
  }
  if (!found) {
    std::fprintf(stderr, "the record has no letters\n");
    return 3;
  }
  std::printf("%s\n", record.c_str());
  return 0;
}
