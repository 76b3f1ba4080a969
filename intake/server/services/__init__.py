"""What the server does, without HTTP: each module is one duty over the two stores."""
