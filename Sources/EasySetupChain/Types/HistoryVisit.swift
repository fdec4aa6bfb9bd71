/// A page that was visited, as a ready type for a collection of a chain. Its members are attributes as those of
/// ``Bookmark``.
public struct HistoryVisit: Codable, Hashable, Sendable {
    /// The address of the page.
    public var location: String?
    /// The title that the page gives itself.
    public var title: String?
    /// The title that the person gave, which is shown in place of ``title``.
    public var customTitle: String?
    /// The address of the page's picture.
    public var favicon: String?
    /// When the page was visited first, in milliseconds since 1970.
    public var created: UInt64?
    /// When the page was visited last, in milliseconds since 1970.
    public var lastVisited: UInt64?

    /// Makes a visit from its members.
    public init(
        location: String? = nil,
        title: String? = nil,
        customTitle: String? = nil,
        favicon: String? = nil,
        created: UInt64? = nil,
        lastVisited: UInt64? = nil
    ) {
        self.location = location
        self.title = title
        self.customTitle = customTitle
        self.favicon = favicon
        self.created = created
        self.lastVisited = lastVisited
    }
}
