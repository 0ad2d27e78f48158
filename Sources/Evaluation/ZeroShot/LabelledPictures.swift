/// Pictures, each of a class, that are read one by one.
public struct LabelledPictures: Sendable {
  /// The folder, dataset or table they are in.
  public let path: String
  /// How many.
  public let count: Int
  /// The classes; what a picture tells is a number of these.
  public let classes: ClassList
  /// Lines to show: what was taken for granted of the classes.
  public let warnings: [String]
  /// Reads a picture; its note is the number of its class, nil where it is of none of them. From any thread.
  let read: @Sendable (Int) throws -> Encoder.EncodedPicture<Int?>

  /// How data tell classes, where they leave a choice.
  public struct Options: Sendable {
    /// The column of a table that holds paths; nil: `filepath`.
    public var imageColumn: String?
    /// The column of a table that holds classes; nil: `class`.
    public var classColumn: String?
    /// A table of the keys of a dataset's samples (`key`) and their classes.
    public var labels: String?
    /// The field of the JSON of a dataset's samples that holds the class.
    public var classField: String?
    /// The template that a dataset's captions were made with.
    public var captionTemplate: PromptTemplate?

    /// The usual choices, or others.
    public init(
      imageColumn: String? = nil, classColumn: String? = nil, labels: String? = nil, classField: String? = nil,
      captionTemplate: PromptTemplate? = nil
    ) {
      self.imageColumn = imageColumn
      self.classColumn = classColumn
      self.labels = labels
      self.classField = classField
      self.captionTemplate = captionTemplate
    }
  }
}
