import Glibc

/// The time of the monotonic clock, in nanoseconds.
func nanoseconds() -> UInt64 {
    time(of: CLOCK_MONOTONIC)
}

/// The CPU time of all threads of this process, in nanoseconds.
func ownNanoseconds() -> UInt64 {
    time(of: CLOCK_PROCESS_CPUTIME_ID)
}

private func time(of clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// A stopwatch, which measures the time since it was made.
struct StopWatch {
    private let begin = nanoseconds()

    var seconds: Double { Double(nanoseconds() - begin) / 1e9 }
}
