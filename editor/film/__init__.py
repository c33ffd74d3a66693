"""What goes out: timeline, picture, sound, documents."""
