"""Only for a look at the data; ignored, so never part of a release."""

print("NDWI of water is above zero")
