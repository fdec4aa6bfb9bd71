import Testing

@testable import EasySetup

@Suite("Retry-After headers") struct RetryAfterTests {
    /// 1994-11-06 08:49:07 UTC, in seconds since 1970.
    private let now = 784_111_747

    @Test(
        "The header is seconds or a date in one of HTTP's three forms",
        arguments: [
            ("120", 120), (" 7\t", 7), ("0", 0), ("99999999", 3_600), ("Sun, 06 Nov 1994 08:49:37 GMT", 30),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 30), ("Sun Nov  6 08:49:37 1994", 30),
            ("Sat, 05 Nov 1994 08:49:37 GMT", 0),
            ("Wed, 01 Jan 2070 00:00:00 GMT", 3_600),
        ]
    )
    func read(text: String, seconds: Int) {
        #expect(RetryAfter.wait(text, now: now) == .seconds(seconds))
    }

    @Test(
        "Any other header is ignored",
        arguments: [
            "", "-1", "+1", "1.5", "soon", "Sun, 06 Nov 1994 08:49:37", "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT", "٣", "9999999999999999999999999",
        ]
    )
    func refuse(text: String) {
        #expect(RetryAfter.wait(text, now: now) == nil)
    }
}
