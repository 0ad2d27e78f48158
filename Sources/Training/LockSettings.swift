package import Towers

/// Which towers keep the values they start with: locked-image tuning (LiT, Zhai et al. 2022), or the same with captions.
///
/// What is locked is not trained: it has no gradients, nothing of it travels between ranks, and batch norm in it takes the
/// running statistics, which stay as they are. The last groups of layers may be left unlocked, counted as open_clip counts
/// them; see ``Towers/VisionConfiguration/groups``.
public struct LockSettings: Codable, Sendable, Equatable {
  /// Whether the image tower is locked.
  public var image = false
  /// How many of its last groups of layers are trained all the same.
  public var imageUnlockedGroups = 0
  /// Whether the text tower is locked.
  public var text = false
  /// How many of its last groups of layers are trained all the same.
  public var textUnlockedGroups = 0

  /// What can hardly be meant.
  ///
  /// - Parameter isDrawn: ask about a model whose values were drawn; else about any.
  func warning(isDrawn: Bool) -> String? {
    let whole = [("image", image, imageUnlockedGroups), ("text", text, textUnlockedGroups)].filter { $0.1 && $0.2 == 0 }
    if isDrawn {
      return whole.first.map {
        "lock.\($0.0): the tower keeps the random values it was drawn with; --initial-weights gives it others"
      }
    }
    return whole.count == 2 ? "lock: both towers are locked, so that nothing but the temperature is trained" : nil
  }
}

extension Recipe {
  /// What of a model is trained, and what is kept on the way.
  package func training(of model: ModelConfiguration) -> TowerTraining {
    var training = TowerTraining()
    training.lockedImageGroups = lock.image ? max(model.vision.groups - lock.imageUnlockedGroups, 0) : 0
    training.lockedTextGroups = lock.text ? max(model.text.groups - lock.textUnlockedGroups, 0) : 0
    training.recomputesBlocks = activationCheckpointing
    return training
  }

  /// Checks that the model has what the recipe wants of it.
  package func checkTraining(of model: ModelConfiguration) throws {
    func check(_ field: String, _ unlocked: Int, isLocked: Bool, groups: Int, tower: String) throws {
      guard unlocked > 0 else { return }
      guard isLocked else {
        throw RecipeError(
          "lock.\(field): found \(unlocked), expected 0, since the \(tower) tower is not locked; set lock.\(tower)=true"
        )
      }
      guard unlocked <= groups else {
        throw RecipeError(
          "lock.\(field): found \(unlocked), expected at most \(groups), the groups of layers of this \(tower) tower")
      }
    }
    try check(
      "imageUnlockedGroups", lock.imageUnlockedGroups, isLocked: lock.image, groups: model.vision.groups, tower: "image"
    )
    try check(
      "textUnlockedGroups", lock.textUnlockedGroups, isLocked: lock.text, groups: model.text.groups, tower: "text")
    guard !model.vision.isResNet || reduction.order != .canonical else {
      throw RecipeError(
        "reduction.order: canonical cannot be with a ModifiedResNet, whose batch norm depends on which pictures are on a "
          + "rank: set reduction.order=ranks")
    }
    guard patchDropout == 0 || !model.vision.isResNet else {
      throw RecipeError(
        "patchDropout: found \(patchDropout), expected 0 for a ModifiedResNet, whose convolutions need all of a picture"
      )
    }
  }
}
