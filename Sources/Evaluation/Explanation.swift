public import Images
public import Towers

/// What in a picture makes it similar to each of several texts.
public struct Explanation: Sendable {
  /// What a heat map is made of.
  public enum Layer: String, Sendable, CaseIterable {
    /// The last features that have a place in the picture: ``HeatMap/gradCAM(_:gradient:)``.
    case features
    /// The pixels themselves: ``HeatMap/pixels(gradient:width:height:)``.
    case pixels
  }

  /// A text and what it has to do with the picture.
  public struct Text: Sendable {
    /// The text.
    public let text: String
    /// The cosine of both embeddings, and its gradients.
    public let gradients: SimilarityGradients
    /// The share this text has among all texts, by the model's own temperature; nil where there is only one.
    public let probability: Double?

    package init(text: String, gradients: SimilarityGradients, probability: Double?) {
      self.text = text
      self.gradients = gradients
      self.probability = probability
    }
  }

  /// The picture as the model sees it.
  public let picture: Picture
  /// The last features that have a place in it.
  public let features: SpatialFeatures
  /// The texts, in the order given.
  public let texts: [Text]

  package init(picture: Picture, features: SpatialFeatures, texts: [Text]) {
    self.picture = picture
    self.features = features
    self.texts = texts
  }

  /// The heat map of a text, of as many places as the layer has.
  public func map(of text: Text, _ layer: Layer) -> HeatMap {
    switch layer {
    case .features: .gradCAM(features, gradient: text.gradients.features)
    case .pixels: .pixels(gradient: text.gradients.pixels, width: picture.width, height: picture.height)
    }
  }
}
