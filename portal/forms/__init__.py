"""Forms: shape, trimming and messages of what people type; pure, without writes."""
