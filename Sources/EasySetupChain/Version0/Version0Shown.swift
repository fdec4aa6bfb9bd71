import EasySetupText

/// A record of version 0 in words for a person. Its texts came from web pages and other devices, so they are cleaned: what
/// could move a terminal's cursor or end the quotation marks is taken out.
package struct Version0Shown {
    /// The kind of the object, such as bookmark or folder.
    package let kind: String
    /// The action on the object, in a word.
    package let action: String
    /// The name and the address of the object, as far as the record has them.
    package let title: String

    /// The greatest numbers of bytes of what is shown.
    private static let nameBytes = 80, addressBytes = 120

    /// Makes the words for a record.
    package init(_ record: Version0Record) {
        guard let content = Version0Content(record) else {
            (kind, action, title) = ("unknown", "unknown", "\(record.plaintext.count) bytes")
            return
        }
        action = content.action?.rawValue ?? "unknown"
        let name: String?
        let address: String?
        switch content.object {
        case .bookmark(let bookmark):
            kind = bookmark.isFolder == true ? "folder" : "bookmark"
            (name, address) = (bookmark.customTitle ?? bookmark.title, bookmark.location)
        case .visit(let visit):
            kind = "visit"
            (name, address) = (visit.customTitle ?? visit.title, visit.location)
        case .siteSetting(let setting):
            kind = "setting"
            (name, address) = (nil, setting.hostPattern)
        case .device(let device, _):
            kind = "device"
            (name, address) = (device, nil)
        case nil:
            kind = "unknown"
            (name, address) = (nil, nil)
        }
        let shownName = Self.cleaned(name ?? "", Self.nameBytes)
        let shownAddress = Self.cleaned(address ?? "", Self.addressBytes)
        let parts = [shownName.isEmpty ? "" : "\"\(shownName)\"", shownAddress].filter { !$0.isEmpty }
        // A record that deletes an object often has nothing but its id.
        title = parts.isEmpty ? "object \(content.objectID.prefix(32))" : parts.joined(separator: " ")
    }

    /// A text without what a line has no room for, and with an ellipsis where it is cut.
    private static func cleaned(_ text: String, _ bytes: Int) -> String {
        // Texts have thousands of characters; nothing beyond this beginning is looked at.
        let beginning = String(text.unicodeScalars.prefix(4 * bytes))
        let cleaned = ShownText.cleaned(beginning, maximumByteCount: bytes)
        let isWhole =
            beginning.utf8.count == text.utf8.count
            && ShownText.cleaned(beginning, maximumByteCount: beginning.utf8.count + 1) == cleaned
        return isWhole ? cleaned : cleaned + "…"
    }
}
