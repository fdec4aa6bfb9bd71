import Foundation
import Testing

@testable import EasySetupChain

@Suite("Contents of version 0") struct Version0ContentTests {
    private static func record(_ hex: String) throws -> Version0Record {
        let digits = Array(hex.utf8)
        let plaintext = try stride(from: 0, to: digits.count, by: 2).map {
            try #require(UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16))
        }
        return Version0Record(category: .bookmarks, time: 0, plaintext: plaintext)
    }

    private static func hex(_ text: String) -> String {
        text.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// A field with a text or a message in it, all in hex.
    private static func field(_ tag: String, _ hex: String) -> String {
        let count = hex.count / 2
        let low = String(count & 127 | (count > 127 ? 128 : 0), radix: 16)
        let length = count > 127 ? low + "0" + String(count >> 7, radix: 16) : (count < 16 ? "0" : "") + low
        return tag + length + hex
    }

    private static let id = String(repeating: "a7", count: 16)

    @Test("A bookmark has the members that its list names, and others only where they are not empty") func bookmark()
        throws
    {
        let site =
            Self.field("0a", Self.hex("https://example.com/")) + Self.field("12", Self.hex("Title"))
            + Self.field("1a", Self.hex("Own title")) + "20c80128ac02"
            + Self.field("32", Self.hex("https://example.com/i"))
        let fields = ["site", "isFolder", "parentFolderObjectId", "order"].map { Self.field("32", Self.hex($0)) }
            .joined()
        let bookmark =
            Self.field("0a", site) + "1000" + Self.field("1a", String(repeating: "b8", count: 16)) + fields
            + Self.field("42", Self.hex("1.0.2")) + Self.field("4a", Self.field("0a", Self.hex("k")) + "1200")
        let content = try #require(
            Version0Content(Self.record("0801120109" + "1a10" + Self.id + Self.field("22", bookmark)))
        )
        #expect(content.action == .update && content.device == 9 && content.objectID == Self.id)
        let expected = Bookmark(
            location: "https://example.com/",
            title: "Title",
            customTitle: "Own title",
            favicon: "https://example.com/i",
            created: 300,
            lastVisited: 200,
            isFolder: false,
            parent: String(repeating: "b8", count: 16),
            order: "1.0.2",
            notes: ["k": ""]
        )
        #expect(content.object == .bookmark(expected))
        // Without a list all members count; those that are true or false are never empty.
        let all = try #require(Version0Content(Self.record("2200")))
        #expect(all.action == .create && all.device == nil && all.objectID.isEmpty)
        #expect(all.object == .bookmark(Bookmark(isFolder: false, isOutsideToolbar: false)))
    }

    @Test("A partial change of a setting leaves the other members alone") func partial() throws {
        let fields = ["zoomLevel", "cookieControl", "noScript"].map { Self.field("62", Self.hex($0)) }.joined()
        let setting = Self.field("0a", Self.hex("https?://a.example")) + "1500002040" + "2802" + "3800" + fields
        let content = try #require(Version0Content(Self.record("0801" + Self.field("32", setting))))
        let expected = SiteSetting(
            hostPattern: "https?://a.example",
            zoomLevel: 2.5,
            cookies: .blocked,
            noScript: false
        )
        #expect(content.object == .siteSetting(expected))
        let whole = try #require(Version0Content(Self.record("08013200")))
        guard case .siteSetting(let all) = whole.object else { throw Version0Unread.Fault.doesNotOpen }
        #expect(all.ads == .replaced && all.cookies == .foreignBlocked && all.zoomLevel == 0)
        let flags = [
            all.shieldsUp, all.safeBrowsing, all.noScript, all.httpsEverywhere, all.fingerprintingProtection,
            all.payments,
            all.paymentsShown,
        ]
        #expect(flags.allSatisfy { $0 == false })
    }

    @Test("Visits and devices are read; what is not known is nil, and what is broken is no content") func others()
        throws
    {
        let visit = Self.field("0a", Self.hex("https://a.example")) + "2001"
        let content = try #require(Version0Content(Self.record("0802" + Self.field("2a", visit))))
        #expect(content.action == .delete)
        #expect(content.object == .visit(HistoryVisit(location: "https://a.example", lastVisited: 1)))
        let device = Self.field("0a", Self.hex("alpha")) + Self.field("12", Self.hex("beef12"))
        #expect(
            try Version0Content(Self.record(Self.field("3a", device)))?.object == .device(name: "alpha", id: "beef12")
        )
        // The first kind counts where a record has two.
        #expect(try Version0Content(Self.record("3a00" + "2a00"))?.object == .visit(HistoryVisit()))
        let unknown = try #require(Version0Content(Self.record("080742026869")))
        #expect(unknown.action == nil && unknown.object == nil)
        #expect(try Version0Content(Self.record("ff")) == nil)
        #expect(try Version0Content(Self.record("2202ffff")) == nil)
        // A text that is not UTF-8.
        #expect(try Version0Content(Self.record("3a030a01ff")) == nil)
    }

    @Test("Ready types keep each member in JSON, and leave out what is nil") func coding() throws {
        let bookmark = Bookmark(location: "https://a.example", isFolder: false, notes: ["k": "v"])
        let text = try JSONEncoder().encode(bookmark)
        let members = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        #expect(Set(members.keys) == ["location", "isFolder", "notes"])
        #expect(try JSONDecoder().decode(Bookmark.self, from: text) == bookmark)
        let setting = SiteSetting(hostPattern: "a", zoomLevel: -1.5, ads: .blocked, cookies: .foreignBlocked)
        #expect(try JSONDecoder().decode(SiteSetting.self, from: JSONEncoder().encode(setting)) == setting)
        let visit = HistoryVisit(location: "a", created: .max)
        #expect(try JSONDecoder().decode(HistoryVisit.self, from: JSONEncoder().encode(visit)) == visit)
    }

    @Test("What is shown of a record is short and has no control characters") func shown() throws {
        let long = String(repeating: "\u{1B}[2J<x> \"", count: 2_000)
        let device = Self.field("0a", Self.hex(String(long.prefix(500))))
        let shown = Version0Shown(try Self.record("0802" + Self.field("3a", device)))
        #expect(shown.kind == "device" && shown.action == "delete")
        #expect(shown.title.hasPrefix("\"[2J<x> [2J<x> ") && shown.title.hasSuffix("…\""))
        #expect(shown.title.utf8.count < 100)
        let bare = Version0Shown(try Self.record("0802" + "1a10" + Self.id + "2200"))
        #expect(bare.kind == "bookmark" && bare.title == "object " + Self.id)
    }

    @Test("The limits are those of the page") func limits() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "..", "..", "..", "Protocol", "limits.md").standardizedFileURL
        let section = try #require(
            try String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n## Version 0\n").last?
                .components(separatedBy: "\n## ").first
        )
        let rows = section.matches(of: /\n\| `(\w+)`[^|]* \| ([0-9,]+(?: MiB)?) \|/).map { "\($0.1) \($0.2)" }
        #expect(
            rows == [
                "nameBytes 1,024", "parts \(Version0Limits.parts)", "triedParts \(Version0Limits.triedParts)",
                "heldBytes \(Version0Limits().heldBytes >> 20) MiB",
            ]
        )
        #expect(Version0Limits.nameBytes == 1_024)
    }
}
