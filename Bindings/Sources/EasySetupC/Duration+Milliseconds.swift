extension Duration {
    /// The whole milliseconds of a time, rounded up, so that a wait of so long is long enough.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1000)
        return isTooLong ? .max : whole + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}

extension ContinuousClock.Instant {
    /// The milliseconds from now until this moment; 0 for a moment in the past.
    var remaining: Int64 { max(.zero, ContinuousClock.now.duration(to: self)).milliseconds }
}
