import Glibc

/// Nanoseconds of a clock that never jumps.
func nanoseconds() -> UInt64 {
    time(of: CLOCK_MONOTONIC)
}

/// Nanoseconds of CPU that this process has used, all threads.
func ownNanoseconds() -> UInt64 {
    time(of: CLOCK_PROCESS_CPUTIME_ID)
}

private func time(of clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The time since it was made.
struct StopWatch {
    private let begin = nanoseconds()

    var seconds: Double { Double(nanoseconds() - begin) / 1e9 }
}
