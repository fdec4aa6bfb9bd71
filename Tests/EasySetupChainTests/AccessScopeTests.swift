import EasySetupSeed
import Testing

@testable import EasySetupChain

@Suite("What a device can do, in words") struct AccessScopeTests {
    static func scope(_ rights: [String: Bool], notAfter: UInt64 = 0) throws -> AccessScope {
        var names: [CollectionName: Bool] = [:]
        for (name, mayWrite) in rights { names[try CollectionName(name)] = mayWrite }
        return .collections(names, notAfter: notAfter)
    }

    @Test("A scope names its collections in order, what is read only, and its last day") func text() throws {
        #expect(try Self.scope(["notes": true, "bookmarks": true]).text == "bookmarks, notes")
        #expect(try Self.scope(["notes": false, "bookmarks": false]).text == "bookmarks, notes \u{2014} read only")
        #expect(
            try Self.scope(["notes": true, "bookmarks": false], notAfter: 1_801_439_999).text
                == "bookmarks (read only), notes, until 2027-01-31"
        )
        #expect(AccessScope.everything.text == "everything")
    }

    @Test(
        "A day is written and read back, and its seconds are those of the calendar",
        arguments: [
            ("1970-01-01", 0), ("2000-02-29", 951_782_400), ("2027-01-31", 1_801_353_600),
            ("2100-03-01", 4_107_542_400),
            ("9999-12-31", 253_402_214_400),
        ] as [(String, UInt64)]
    )
    func days(text: String, first: UInt64) throws {
        let day = try #require(UTCDate(text))
        #expect(day.description == text)
        #expect(day.firstSecond == first)
        #expect(UTCDate(seconds: first) == day)
        #expect(UTCDate(seconds: day.lastSecond) == day)
        #expect(UTCDate(seconds: day.lastSecond + 1) != day)
    }

    @Test(
        "A text that is no day is refused",
        arguments: [
            "", "2027", "2027-1-31", "2027-02-29", "2100-02-29", "2027-13-01", "2027-00-10", "2027-01-00", "2027-04-31",
            "1969-12-31", "27-01-31", "2027/01/31", "2027-01-31 ", "+027-01-31", "2027-01-3\u{0663}",
        ]
    )
    func noDays(text: String) {
        #expect(UTCDate(text) == nil)
    }

    @Test("Every day of four centuries is another, and its text is read back") func calendar() {
        var last: UTCDate?
        for number in stride(from: UInt64(0), to: 146_097, by: 1) {
            let day = UTCDate(seconds: number * 86_400)
            if UTCDate(day.description) != day || day == last || day.firstSecond != number * 86_400 {
                Issue.record("day \(number) is \(day)")
                return
            }
            last = day
        }
    }
}
