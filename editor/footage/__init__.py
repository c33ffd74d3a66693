"""What comes in: clips, shots, pictures, sound."""
