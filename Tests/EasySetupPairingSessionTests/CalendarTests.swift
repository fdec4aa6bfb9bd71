import Testing

@testable import EasySetupPairingSession

/// The calendar that computes the dates in the texts of errors.
@Suite("Dates") struct CalendarTests {
    @Test("Days are converted to dates and back") func days() {
        for day in stride(from: -800_000, to: 3_000_000, by: 97) {
            let (year, month, ofMonth) = Calendar.date(day)
            #expect(Calendar.day(year: year, month: month, day: ofMonth) == day)
        }
        #expect(UTC(0).description == "1970-01-01 00:00 UTC")
        #expect(UTC(951_782_399).description == "2000-02-28 23:59 UTC")
        #expect(UTC(-1).description == "1969-12-31 23:59 UTC")
    }
}
