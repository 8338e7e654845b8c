#include "abi/wasi/filestat.h"

namespace wplug::wasi {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

// Nanoseconds since the epoch; earlier times are the epoch, as the guest's type has no sign.
uint64_t guest_time(const timespec& time) {
  if (time.tv_sec < 0) return 0;
  const auto seconds = static_cast<uint64_t>(time.tv_sec);
  constexpr uint64_t kMost = UINT64_MAX;
  if (seconds >= kMost / kSecond) return kMost;
  return seconds * kSecond + static_cast<uint64_t>(time.tv_nsec);
}

struct Times {
  uint64_t access, modification, change;
};

Times times_of(const struct stat& status) {
#if defined(__APPLE__)
  return {guest_time(status.st_atimespec), guest_time(status.st_mtimespec), guest_time(status.st_ctimespec)};
#else
  return {guest_time(status.st_atim), guest_time(status.st_mtim), guest_time(status.st_ctim)};
#endif
}

// The members that both layouts have, from the offset where they agree again.
template <size_t N>
void put_tail(GuestRecord<N>& record, size_t offset, const struct stat& status) {
  const Times times = times_of(status);
  record.template put<uint64_t>(offset, static_cast<uint64_t>(status.st_size));
  record.template put<uint64_t>(offset + 8, times.access);
  record.template put<uint64_t>(offset + 16, times.modification);
  record.template put<uint64_t>(offset + 24, times.change);
}

template <size_t N>
void put_head(GuestRecord<N>& record, const struct stat& status) {
  record.template put<uint64_t>(0, static_cast<uint64_t>(status.st_dev));
  record.template put<uint64_t>(8, static_cast<uint64_t>(status.st_ino));
  record.template put<uint8_t>(16, static_cast<uint8_t>(filetype_of_mode(status.st_mode)));
}

timespec host_time(uint64_t nanoseconds, bool given, bool now) {
  timespec time{};
  time.tv_sec = static_cast<time_t>(nanoseconds / kSecond);
  time.tv_nsec = now ? UTIME_NOW : given ? static_cast<long>(nanoseconds % kSecond) : UTIME_OMIT;
  return time;
}

}  // namespace

Errno write_filestat(const Call& call, uint32_t at, const struct stat& status, Version version) {
  if (version == Version::preview1) {
    GuestRecord<kFilestatSize> record;
    put_head(record, status);
    record.put<uint64_t>(24, static_cast<uint64_t>(status.st_nlink));
    put_tail(record, 32, status);
    return call.memory.write_record(at, record) ? Errno::success : Errno::fault;
  }
  GuestRecord<kUnstableFilestatSize> record;
  put_head(record, status);
  record.put<uint32_t>(20, static_cast<uint32_t>(status.st_nlink));
  put_tail(record, 24, status);
  return call.memory.write_record(at, record) ? Errno::success : Errno::fault;
}

std::variant<FileTimes, Errno> file_times(uint64_t atim, uint64_t mtim, uint32_t flags) {
  const bool set_atim = (flags & fstflag::atim) != 0, atim_now = (flags & fstflag::atim_now) != 0;
  const bool set_mtim = (flags & fstflag::mtim) != 0, mtim_now = (flags & fstflag::mtim_now) != 0;
  if ((flags & ~fstflag::all) != 0 || (set_atim && atim_now) || (set_mtim && mtim_now)) return Errno::inval;
  return FileTimes{host_time(atim, set_atim, atim_now), host_time(mtim, set_mtim, mtim_now)};
}

}  // namespace wplug::wasi
