/// A bookmark or a folder of bookmarks, as a ready type for a collection of a chain.
///
/// Each member is an attribute of its own, so two devices that change different members at once both get their way. A
/// member that is nil is one that the object does not have.
public struct Bookmark: Codable, Hashable, Sendable {
    /// The address of the page; nil of a folder.
    public var location: String?
    /// The title that the page gives itself, or the folder's name.
    public var title: String?
    /// The title that the person gave, which is shown in place of ``title``.
    public var customTitle: String?
    /// The address of the page's picture.
    public var favicon: String?
    /// When the bookmark was made, in milliseconds since 1970.
    public var created: UInt64?
    /// When the page was visited last, in milliseconds since 1970.
    public var lastVisited: UInt64?
    /// Whether this is a folder.
    public var isFolder: Bool?
    /// The object of the folder that this is in; nil at the top.
    public var parent: String?
    /// The place among its neighbours: numbers with dots between, compared number by number; a beginning comes first.
    public var order: String?
    /// Whether it is shown elsewhere than in the toolbar.
    public var isOutsideToolbar: Bool?
    /// The other facts that an app notes about it.
    public var notes: [String: String]?

    /// Makes a bookmark from its members.
    public init(
        location: String? = nil,
        title: String? = nil,
        customTitle: String? = nil,
        favicon: String? = nil,
        created: UInt64? = nil,
        lastVisited: UInt64? = nil,
        isFolder: Bool? = nil,
        parent: String? = nil,
        order: String? = nil,
        isOutsideToolbar: Bool? = nil,
        notes: [String: String]? = nil
    ) {
        self.location = location
        self.title = title
        self.customTitle = customTitle
        self.favicon = favicon
        self.created = created
        self.lastVisited = lastVisited
        self.isFolder = isFolder
        self.parent = parent
        self.order = order
        self.isOutsideToolbar = isOutsideToolbar
        self.notes = notes
    }
}
