// Sockets. A guest is given none, so nothing it holds can be accepted on, received from or sent to; a socket that an
// embedder lends as stdio is read and written as a stream.
#include "abi/wasi/functions.h"

namespace wplug::wasi {

namespace {

Status refuse(Call& call, u32 fd) {
  WPLUG_WASI_FIND(file, call.find(fd));
  const bool is_socket = file.type == Filetype::socket_stream || file.type == Filetype::socket_dgram;
  return is_socket ? Errno::notsup : Errno::notsock;
}

}  // namespace

Status sock_accept(Call& call, u32 fd, u32 /*flags*/, u32 /*fd_out*/) { return refuse(call, fd); }

Status sock_recv(Call& call, u32 fd, u32 /*buffers*/, u32 /*buffer_count*/, u32 /*flags*/, u32 /*size_out*/,
                 u32 /*flags_out*/) {
  return refuse(call, fd);
}

Status sock_send(Call& call, u32 fd, u32 /*buffers*/, u32 /*buffer_count*/, u32 /*flags*/, u32 /*size_out*/) {
  return refuse(call, fd);
}

Status sock_shutdown(Call& call, u32 fd, u32 /*how*/) { return refuse(call, fd); }

}  // namespace wplug::wasi
